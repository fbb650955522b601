import { parseArgs } from 'node:util'
import { drawTimeline, inMacrotask } from '@ipc/explorer/engine'
import { fromToken as fromExplorerToken, isExplorerToken } from '../subjects/token.ts'
import { checkPlanted } from '../real/planted/planted.ts'
import { describeProgram } from '../real/program/describe.ts'
import { fromToken } from '../real/program/token.ts'
import { replayed } from '../report/explored.ts'
import { describeExploration, scheduledFailure } from '../report/explored-real.ts'
import { Output, OUTPUT_HELP, OUTPUT_OPTIONS } from '../report/output.ts'
import { describeReal, realFailure } from '../report/real.ts'
import type { ExploredFailure } from '../report/report.ts'
import { withBenches } from '../real/run/bench.ts'
import { runProgram } from '../real/run/run-program.ts'
import { replaySignals } from '../signals/replay.ts'
import { isSignalToken } from '../signals/token.ts'
import {
  followReal,
  fromScheduledToken,
  isScheduledToken,
  type ScheduledReal,
} from '../real/explored/explore-real.ts'
import { integer, usage, UsageError } from '../usage.ts'
import { exploreAgain } from './run-real.ts'

export const summary = 'one failure again: replay "<token>"'

const EXPLORE_MS = 15_000

const HELP = `usage: stress replay "<token>" [options]

A token of the explorer is a program and a schedule: it is done again, step by step. A token of a
real run is a program with its faults: it is run until it fails, or was run so many times, for
threads and processes interleave differently every time.

  --times 100        how often a real program is run at most
  --explore          looks for a schedule under which the same program fails in the explorer, instead
${OUTPUT_HELP}

Exit code 1: it failed again. 0: it did not. 3: no schedule was found (--explore).
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        times: { type: 'string' },
        explore: { type: 'boolean', default: false },
        ...OUTPUT_OPTIONS,
      },
    }),
  )
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const [token] = positionals
  if (token === undefined || positionals.length > 1) {
    throw new UsageError('replay takes one token, as a failure prints it')
  }
  const isStepwise = isExplorerToken(token) || isScheduledToken(token)
  if (values.explore && (isStepwise || isSignalToken(token) || values.times !== undefined)) {
    throw new UsageError('--explore is for tokens of real runs of primitives, alone')
  }
  if (values.explore) return exploreIt(token, new Output('replay', argv, values))
  if (!isStepwise) {
    const times = integer('--times', values.times ?? '100', 1, 1_000_000)
    const again = isSignalToken(token) ? replaySignals : runAgain
    return again(token, times, new Output('replay', argv, values))
  }
  if (values.times !== undefined) {
    throw new UsageError('--times is for real runs: this token says every step')
  }
  return stepAgain(token, new Output('replay', argv, values))
}

async function stepAgain(token: string, output: Output): Promise<number> {
  const failure = isScheduledToken(token)
    ? await stepReal(fromScheduledToken(token))
    : await inMacrotask(() => replayed(fromExplorerToken(token)))
  output.say(`${failure.program}\n\n${drawTimeline(failure.timeline).join('\n')}\n`)
  if (failure.timeline.verdict === null) {
    const text = 'HELD: nothing wrong, the bug is gone'
    output.say(text)
    return output.finish({ verdict: 'held', text, exitCode: 0 })
  }
  const text = `FOUND: ${failure.verdict}`
  output.say(text)
  return output.finish({ verdict: 'violated', text, exitCode: 1, failures: [failure] })
}

async function stepReal(scheduled: ScheduledReal): Promise<ExploredFailure> {
  checkPlanted(scheduled.real.planted)
  return scheduledFailure(scheduled, await followReal(scheduled))
}

/** Explores the program of a real run. Exit code 3: it could not be explored, or not to its end. */
async function exploreIt(token: string, output: Output): Promise<number> {
  const real = fromToken(token)
  checkPlanted(real.planted)
  output.say(`${describeProgram(real.program).join('\n')}\n`)
  const explored = await exploreAgain(real, { seed: 1, exploreMs: EXPLORE_MS }, output)
  output.say(`${describeExploration(explored)}\n`)
  const { failure } = explored
  if (failure !== null) {
    const text = `FOUND: ${failure.verdict}`
    return output.finish({ verdict: 'violated', text, exitCode: 1, failures: [failure] })
  }
  const text = 'NOT FOUND: a schedule under which it fails'
  output.say(text)
  return output.finish({ verdict: 'not done', text, exitCode: 3 })
}

async function runAgain(token: string, times: number, output: Output): Promise<number> {
  const { program, planted } = fromToken(token)
  checkPlanted(planted)
  const count = (kind: 'worker' | 'process'): number =>
    program.agents.filter(({ runs }) => runs === kind).length

  output.say(`${describeProgram(program).join('\n')}\n`)
  const size = { workers: count('worker'), processes: count('process') }
  return await withBenches(1, size, planted, async ([bench]) => {
    let unknown = 0
    for (let i = 1; i <= times; i++) {
      output.progress.show(() => `run ${i} of ${times}`)
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const result = await runProgram(bench!, program)
      unknown += result.unknown.length
      if (result.violations.length === 0) continue
      const failure = realFailure(program, result, { planted, after: 0, shrinks: 0 })
      output.say(`${describeReal(failure)}\n`)
      const text = `VIOLATED: ${failure.verdict} (in run ${i} of ${times})`
      output.say(text)
      return output.finish({ verdict: 'violated', text, exitCode: 1, failures: [failure] })
    }
    const text = unknown > 0 ? `UNKNOWN: ${unknown} checks` : `HELD: in ${times} runs`
    output.say(text)
    return output.finish(
      unknown > 0
        ? { verdict: 'unknown', text, exitCode: 1 }
        : { verdict: 'held', text, exitCode: 0 },
    )
  })
}
