import { parseArgs } from 'node:util'
import { MOST_AGENTS, parseProgram } from '../explore/program.ts'
import { complete } from '../explore/strategies/bounded.ts'
import { inMacrotask } from '../explore/event-loop.ts'
import { durationMs, integer, usage } from '../usage.ts'
import { exploreAll, simplePrograms } from './explore.ts'

export const summary = 'the complete state graph of a program: every schedule'

const HELP = `usage: stress prove [program]... [--threads 3] [--budget 60s]

A program: lock/hold/hold,tryFor/crashes=1. Without one: so many agents who take and release each
primitive. Exit code 3: the budget ran out.`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        threads: { type: 'string', default: '3' },
        budget: { type: 'string', default: '60s' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  )
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const deadline = performance.now() + durationMs('--budget', values.budget)
  const programs =
    positionals.length > 0
      ? positionals.map((text) => parseProgram(text))
      : simplePrograms(integer('--threads', values.threads, 1, MOST_AGENTS))
  return inMacrotask(() => exploreAll(programs, [complete], deadline))
}
