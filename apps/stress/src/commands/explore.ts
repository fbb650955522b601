import { parseArgs } from 'node:util'
import { CATALOGUE } from '../subjects/catalogue.ts'
import { MOST_AGENTS, parseProgram, type Program } from '../subjects/program.ts'
import { bounded } from '@ipc/explorer/engine'
import { OUTPUT_HELP, OUTPUT_OPTIONS, Output } from '../report/output.ts'
import { durationMs, integer, usage, UsageError } from '../usage.ts'
import { explorePrograms, simplePrograms } from './explore-programs.ts'

export const summary = 'all schedules of a program with at most so many preemptions'

const HELP = `usage: stress explore [program]... [options]

A program: lock/hold/hold,tryFor/crashes=1. Without one: those of the catalogue, or with --threads
that many agents who take and release each primitive.

  --preemptions 2    at most so many times an agent is stopped that could go on
  --threads N        of the plainest programs
  --budget 5m        for how long at most
${OUTPUT_HELP}

Exit code 0: all was explored, and nothing found. 1: something was found. 3: the budget ran out.
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        preemptions: { type: 'string', default: '2' },
        threads: { type: 'string' },
        budget: { type: 'string', default: '5m' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTIONS,
      },
    }),
  )
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const preemptions = integer('--preemptions', values.preemptions, 0, 50)
  const budgetMs = durationMs('--budget', values.budget)
  const programs = chosen(positionals, values.threads)
  const output = new Output('explore', argv, values)
  const bounds = Array.from({ length: preemptions + 1 }, (_, bound) => bounded(bound))
  return explorePrograms(programs, bounds, budgetMs, output)
}

function chosen(texts: readonly string[], threads: string | undefined): Program[] {
  if (texts.length > 0 && threads !== undefined) {
    throw new UsageError('--threads is for the plainest programs: name none, or leave it out')
  }
  if (threads !== undefined) return simplePrograms(integer('--threads', threads, 1, MOST_AGENTS))
  const all = texts.length > 0 ? texts : [...CATALOGUE.values()].flat()
  return all.map((text) => parseProgram(text))
}
