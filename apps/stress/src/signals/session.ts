import * as fc from 'fast-check'
import type { Reaper } from '../real/pool/reaper.ts'
import { signalPrograms } from './arbitrary.ts'
import { Crew } from './crew.ts'
import { History } from './history.ts'
import { MAX_SENDERS, type SignalProgram } from './program.ts'
import { runSignals, type SignalRun } from './run.ts'

/** Each smaller program is tried this many times, as real runs do not fail every time. */
const SHRINKING_RUNS = 4

export interface SignalOptions {
  readonly seed: number
  readonly budgetMs: number
  readonly shrinkMs: number
  readonly faults: boolean
  readonly planted: string | undefined
}

export interface SignalTally {
  programs: number
  sent: number
  refused: number
  delivered: number
  taken: number
  steps: number
  kills: number
  stops: number
  deaths: number
}

/** The results of a session, for reports. */
export interface SignalRuns extends Readonly<SignalTally> {
  readonly elapsedMs: number
}

export interface SignalFailure {
  readonly program: SignalProgram
  readonly run: SignalRun
  readonly after: number
  readonly shrinks: number
}

export interface SignalSession {
  readonly tally: SignalTally
  failure: SignalFailure | null
  elapsedMs: number
}

/** Gives `use` a crew of processes and their memory, and takes them away whatever happens. */
export async function withCrew<T>(
  planted: string | undefined,
  reaper: Reaper | null,
  use: (crew: Crew, history: History) => Promise<T>,
): Promise<T> {
  const history = History.create()
  const crew = new Crew(history, planted, reaper, MAX_SENDERS)
  try {
    return await use(crew, history)
  } finally {
    await crew.close()
    history.memory.close()
  }
}

/**
 * Runs random signal programs until the budget is spent, one fails, or nobody wants more; after a failure it
 * tries smaller ones. The same seed gives the same programs.
 */
export function runSignalSession(
  options: SignalOptions,
  reaper: Reaper | null,
  session: SignalSession,
  goesOn: () => boolean,
): Promise<void> {
  return withCrew(options.planted, reaper, async (crew, history) => {
    const start = performance.now()
    const elapsed = (): number => performance.now() - start
    const property = fc.asyncProperty(signalPrograms(options.faults), async (program) => {
      if (session.failure === null) {
        fc.pre(elapsed() < options.budgetMs && goesOn())
        const run = await runSignals(crew, history, program)
        session.elapsedMs = elapsed()
        add(session.tally, run)
        if (run.violations.length === 0) return true
        session.failure = { program, run, after: session.tally.programs - 1, shrinks: 0 }
        return false
      }
      for (let i = 0; i < SHRINKING_RUNS && elapsed() < session.elapsedMs + options.shrinkMs; i++) {
        const run = await runSignals(crew, history, program)
        if (run.violations.length === 0) continue
        const { shrinks, after } = session.failure
        session.failure = { program, run, after, shrinks: shrinks + 1 }
        return false
      }
      return true
    })
    await fc.check(property, { seed: options.seed, numRuns: 1e9, maxSkipsPerRun: 0 })
  })
}

export function emptySignalSession(): SignalSession {
  const tally = {
    programs: 0,
    sent: 0,
    refused: 0,
    delivered: 0,
    taken: 0,
    steps: 0,
    kills: 0,
    stops: 0,
    deaths: 0,
  }
  return { tally, failure: null, elapsedMs: 0 }
}

function add(tally: SignalTally, { trace, kills, stops }: SignalRun): void {
  tally.programs++
  tally.sent += trace.sent.length
  tally.refused += trace.sent.filter(({ result }) => result === 2).length
  tally.delivered += trace.delivered.length
  tally.taken += trace.delivered.filter(({ taken }) => taken).length
  tally.steps += trace.steps.length
  tally.kills += kills
  tally.stops += stops
  tally.deaths += trace.death === null ? 0 : 1
}
