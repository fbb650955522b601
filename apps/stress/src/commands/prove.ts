import { parseArgs } from 'node:util'
import { MOST_AGENTS, parseProgram } from '../subjects/program.ts'
import { bounded, complete } from '@ipc/explorer/engine'
import { OUTPUT_HELP, OUTPUT_OPTIONS, Output } from '../report/output.ts'
import { durationMs, integer, usage, UsageError } from '../usage.ts'
import { endlessPrograms, explorePrograms, simplePrograms } from './explore-programs.ts'

export const summary = 'the complete state graph of a program: every schedule'

/** When the graph is too large, the report says which bound was reached. */
const STRATEGIES = [bounded(0), bounded(1), bounded(2), complete]

const HELP = `usage: stress prove [program]... [options]

A program: lock/hold/hold,tryFor/crashes=1; with /endless at its end, agents go on for ever. Without
one: so many agents who use each primitive in the plainest way. When a graph is too large for the
budget, the number of preemptions with which all schedules were explored is said.

  --threads 3        of the plainest programs
  --endless          of programs that go on for ever, for what has a finite graph then
  --crashes 0        so many of these threads may die, each at any step
  --budget 5m        for how long at most
${OUTPUT_HELP}

Exit code 0: the graphs are complete, and nothing found. 1: something was found. 3: the budget ran
out.
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        threads: { type: 'string' },
        crashes: { type: 'string' },
        endless: { type: 'boolean' },
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
  const budgetMs = durationMs('--budget', values.budget)
  const plainest = values.threads ?? values.crashes ?? values.endless
  if (positionals.length > 0 && plainest !== undefined) {
    const why = 'name none, or leave it out'
    throw new UsageError(`--threads, --crashes and --endless are for the plainest programs: ${why}`)
  }
  if (values.endless === true && values.crashes !== undefined) {
    throw new UsageError('--endless and --crashes: one of them')
  }
  const threads = integer('--threads', values.threads ?? '3', 1, MOST_AGENTS)
  const crashes = integer('--crashes', values.crashes ?? '0', 0, MOST_AGENTS)
  const programs =
    positionals.length > 0
      ? positionals.map((text) => parseProgram(text))
      : values.endless === true
        ? endlessPrograms(threads)
        : simplePrograms(threads, crashes)
  const output = new Output('prove', argv, values)
  return explorePrograms(programs, STRATEGIES, budgetMs, output)
}
