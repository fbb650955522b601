import { availableParallelism } from 'node:os'
import type { Coverage } from '../subjects/survey.ts'
import type { Timeline } from '@ipc/explorer/engine'
import type { FaultCounts } from '../real/run/faults.ts'
import type { Tallies } from '../real/run/tally.ts'
import type { SignalRuns } from '../signals/session.ts'

/** A report says what a command did and what the result was: `--json` writes it, `--html` draws it. */
export interface Report {
  readonly command: string
  readonly arguments: readonly string[]
  readonly verdict: Verdict
  /** The verdict as a sentence. */
  readonly text: string
  /**
   * 0 means that all was done and held; 1 that something did not, or could not be decided; 3 that not all was
   * done.
   */
  readonly exitCode: 0 | 1 | 3
  readonly seed: number | null
  /** ISO 8601. */
  readonly started: string
  readonly elapsedMs: number
  readonly platform: string
  /** The exploration of each primitive. */
  readonly coverage: readonly Coverage[]
  /** The programs that were explored because they were asked for. */
  readonly programs: readonly ExploredProgram[]
  /** The runs on real threads and processes. */
  readonly runs: RealRuns | null
  readonly mutants: readonly MutantResult[]
  /** How many mutants there was no time for. */
  readonly mutantsLeft: number
  readonly failures: readonly Failure[]
}

export type Verdict = 'held' | 'violated' | 'unknown' | 'not done'

/** A program and what was explored of it. */
export interface ExploredProgram {
  readonly program: string
  /** Whether all that was asked for was done. */
  readonly complete: boolean
  /** A sentence that says exactly what was covered. */
  readonly covered: string
  readonly states: number
  readonly ms: number
}

export interface RealRuns {
  readonly seed: number
  readonly workers: number
  readonly processes: number
  readonly faults: boolean
  readonly planted: string | undefined
  readonly elapsedMs: number
  readonly tallies: Tallies
  /** How many histories were too long to check. */
  readonly unknown: readonly string[]
  /** The programs of signals; null without processes. */
  readonly signals: SignalRuns | null
}

/** The result that `stress mutants --json` writes for each mutant. */
export interface MutantResult {
  readonly name: string
  readonly what: string
  readonly found: boolean
  /**
   * `stale` means that its text does not stand exactly once in the sources, or that the changed source is no
   * program.
   */
  readonly verdict: 'found' | 'missed' | 'stale'
  /** How many complete schedules, and states where states are kept, it took to find it. */
  readonly schedules: number
  readonly ms: number
  /** The smallest program that fails; null if none was found. */
  readonly program: string | null
  /** A sentence that says what was found, or why nothing was. */
  readonly how: string
}

export type Failure = ExploredFailure | RealFailure

/** A failure that the explorer found: it happens again whenever it is replayed. */
export interface ExploredFailure {
  readonly half: 'explored'
  readonly verdict: string
  readonly program: string
  /** One line for each agent that says what it does. */
  readonly agents: readonly string[]
  readonly faults: string
  /** The strategy that found it. */
  readonly strategy: string
  readonly states: number
  readonly schedules: number
  readonly timeline: Timeline
  /** A complete command. */
  readonly replay: string
}

/** A law that a real run broke. */
export interface RealFailure {
  readonly half: 'real'
  readonly verdict: string
  readonly violations: readonly {
    readonly law: string
    readonly object: string | null
    readonly text: string
    /** The history around it; null if it concerns no object in particular. */
    readonly timeline: HistoryTimeline | null
  }[]
  /** One line for each object, agent and fault. */
  readonly program: readonly string[]
  /** The agents that had not returned, and from which calls. */
  readonly asleep: readonly string[]
  readonly faults: FaultCounts
  /** How many programs had held before, and how many smaller ones failed too. */
  readonly after: number
  readonly shrinks: number
  readonly replay: string
  /** The exploration of the same program. */
  readonly explored: Exploration | null
}

/** The result of exploring the program of a real run. */
export interface Exploration {
  /** The things in the program that the explorer does in another way, or not at all. */
  readonly differences: readonly string[]
  /** A sentence that says what was explored, if nothing was found. */
  readonly covered: string
  readonly failure: ExploredFailure | null
}

/** Part of a history: moments of the shared clock. */
export interface HistoryTimeline {
  readonly columns: readonly string[]
  readonly rows: readonly { readonly at: number; readonly column: number; readonly text: string }[]
}

export const PLATFORM: string =
  `${process.platform} ${process.arch}, Node ${process.version}, ` +
  `${availableParallelism()} processors`
