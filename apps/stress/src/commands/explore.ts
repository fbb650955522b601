import { parseArgs } from 'node:util'
import { CATALOGUE } from '../explore/catalogue.ts'
import { describeProgram, MOST_AGENTS, parseProgram, type Program } from '../explore/program.ts'
import { budgetUntil, describeFinding, search } from '../explore/search.ts'
import { bounded } from '../explore/strategies/bounded.ts'
import { inMacrotask } from '../explore/event-loop.ts'
import { durationMs, integer, usage, UsageError } from '../usage.ts'

export const summary = 'all schedules of a program with at most so many preemptions'

const HELP = `usage: stress explore [program]... [--preemptions 2] [--threads N] [--budget 60s]

A program: lock/hold/hold,tryFor/crashes=1. Without one: those of the catalogue, or with --threads
that many agents who take and release each primitive. Exit code 3: the budget ran out.`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        preemptions: { type: 'string', default: '2' },
        threads: { type: 'string' },
        budget: { type: 'string', default: '60s' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  )
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const preemptions = integer('--preemptions', values.preemptions, 0, 50)
  const deadline = performance.now() + durationMs('--budget', values.budget)
  const programs =
    positionals.length > 0
      ? positionals.map((text) => parseProgram(text))
      : values.threads === undefined
        ? [...CATALOGUE.values()].flat().map((text) => parseProgram(text))
        : simplePrograms(integer('--threads', values.threads, 1, MOST_AGENTS))
  const bounds = Array.from({ length: preemptions + 1 }, (_, bound) => bounded(bound))
  return inMacrotask(() => exploreAll(programs, bounds, deadline))
}

/** The plainest use of each primitive by so many agents. */
export function simplePrograms(threads: number): Program[] {
  if (threads < 1) throw new UsageError('--threads must be 1 or more')
  const all = (name: string, segment: string): Program =>
    parseProgram([name, ...Array.from({ length: threads }, () => segment)].join('/'))
  return [all('lock', 'hold'), all('semaphore:1', 'hold'), all('undo:1', 'hold')]
}

/** Prints a line for each program. */
export function exploreAll(
  programs: readonly Program[],
  strategies: readonly ReturnType<typeof bounded>[],
  deadline: number,
): number {
  let exitCode = 0
  for (const program of programs) {
    const result = search(program, strategies, budgetUntil(deadline))
    if (result.finding !== null) {
      for (const line of describeFinding(result)) console.log(line)
      return 1
    }
    const last = result.outcomes.at(-1)!
    const isDone = last.complete && result.outcomes.length === strategies.length
    if (!isDone) exitCode = 3
    const ms = result.outcomes.reduce((sum, outcome) => sum + outcome.ms, 0)
    const what = isDone ? last.covered : `NOT DONE (${last.strategy}): ${last.covered}`
    console.log(`${describeProgram(program)}: ${what} (${Math.round(ms)} ms)`)
  }
  if (exitCode === 3) console.log('The budget ran out: not all was explored.')
  return exitCode
}
