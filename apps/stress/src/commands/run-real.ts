import { processScope } from '@ipc/core'
import { explorationOf } from '../report/explored-real.ts'
import type { Output } from '../report/output.ts'
import { realFailure } from '../report/real.ts'
import type { Exploration, RealFailure, RealRuns } from '../report/report.ts'
import { operations } from '../report/summary.ts'
import { count, seconds } from '../report/table.ts'
import { withBenches } from '../real/run/bench.ts'
import { runSession, type Failure, type Session, type SessionOptions } from '../real/run/session.ts'
import { hasAll, type Tallies } from '../real/run/tally.ts'
import type { Replay } from '../real/program/token.ts'
import { exploreReal } from '../real/explored/explore-real.ts'
import { progressOf, signalFailure, signalRuns } from '../signals/report.ts'
import { emptySignalSession, runSignalSession, type SignalSession } from '../signals/session.ts'

/** This many programs run at a time, as agents sleep more than they work. */
const LANES = 2

export interface RealOptions extends SessionOptions {
  readonly planted: string | undefined
  /** A program that failed is explored for at most this long. */
  readonly exploreMs: number
}

export interface RealHalf {
  readonly runs: RealRuns
  readonly failure: RealFailure | null
  /** Whether programs of every primitive were run, in every scope for which agents were allowed. */
  readonly isDone: boolean
}

/** Runs random programs on real threads and processes. */
export async function runReal(options: RealOptions, output: Output): Promise<RealHalf> {
  process.stderr.write(`${announce(options)}\n`)
  const { seed, workers, processes, faults, planted } = options
  const signals = emptySignalSession()
  const session = await runLanes(options, signals, output)
  output.progress.end()
  const { tallies, unknown, elapsedMs, failure } = session
  const ofSignals = processes === 0 ? null : signalRuns(signals)
  return {
    runs: {
      seed,
      workers,
      processes,
      faults,
      planted,
      elapsedMs,
      tallies,
      unknown,
      signals: ofSignals,
    },
    failure:
      failure === null
        ? signalFailure(signals, planted)
        : {
            ...realFailure(failure.program, failure.run, { ...failure, planted }),
            explored: await exploreAgain(
              { program: failure.program, planted },
              { ...options, around: tracksOf(failure) },
              output,
            ),
          },
    isDone:
      hasAll(tallies, { workers, processes }) && (processes === 0 || signals.tally.programs > 0),
  }
}

interface ExploreAgain {
  readonly seed: number
  readonly exploreMs: number
  readonly around?: readonly number[]
}

/** Answers with the tracks of the calls that show what went wrong. */
function tracksOf({ run }: Failure): number[] {
  return run.violations.flatMap(({ calls }) => calls.map(({ track }) => track))
}

/** Explores the program that failed. */
export async function exploreAgain(
  real: Replay,
  { seed, exploreMs, around = [] }: ExploreAgain,
  output: Output,
): Promise<Exploration> {
  const tick = (doing: string): void => output.progress.show(() => doing)
  return explorationOf(await exploreReal(real, { budgetMs: exploreMs, seed, tick, around }))
}

/** Runs locks, semaphores and events in some lanes, and signals in another, until one of them fails. */
function runLanes(options: RealOptions, signals: SignalSession, output: Output): Promise<Session> {
  return withBenches(LANES, options, options.planted, async (benches, reaper) => {
    let goesOn = true
    const show = (tallies: Tallies): void =>
      output.progress.show(() => `${describe(tallies)}, ${progressOf(signals)}, no violation`)
    const locks = runSession(benches, options, show, () => signals.failure === null)
    const stop = locks.then(({ failure }) => (goesOn = failure === null))
    if (options.processes > 0) await runSignalSession(options, reaper, signals, () => goesOn)
    await stop
    return await locks
  })
}

function describe(tallies: Tallies): string {
  const { thread, process: other } = tallies
  const sum = (of: (tally: typeof thread) => number): string => count(of(thread) + of(other))
  return [
    `${sum((t) => t.programs)} programs`,
    `${count(operations(tallies))} operations`,
    `${sum((t) => t.kills + t.terminations)} killed`,
  ].join(', ')
}

function announce({ budgetMs, seed, workers, processes, faults, planted }: RealOptions): string {
  const agents = `up to ${workers} workers and ${processes} processes`
  const dying = faults ? 'some of them killed' : 'nobody killed'
  const bug = planted === undefined ? '' : `; planted: ${planted}`
  const scope = processes > 0 ? '' : `; thread scope only${why()}`
  return `real runs: ${agents}, ${dying}, for ${seconds(budgetMs)}, seed ${seed}${bug}${scope}`
}

function why(): string {
  return processScope.supported ? '' : `, ${processScope.reason}`
}
