import { availableParallelism } from 'node:os'
import type { Coverage } from '../subjects/survey.ts'
import type { Timeline } from '@ipc/explorer/engine'
import type { FaultCounts } from '../real/run/faults.ts'
import type { Tallies } from '../real/run/tally.ts'
import type { SignalRuns } from '../signals/session.ts'

/** What a command did and what came of it: `--json` writes it, `--html` draws it. */
export interface Report {
  readonly command: string
  readonly arguments: readonly string[]
  readonly verdict: Verdict
  /** The verdict as a sentence. */
  readonly text: string
  /** 0 all was done and held; 1 something did not, or could not be decided; 3 not all was done. */
  readonly exitCode: 0 | 1 | 3
  readonly seed: number | null
  /** ISO 8601. */
  readonly started: string
  readonly elapsedMs: number
  readonly platform: string
  /** Explored, by primitive. */
  readonly coverage: readonly Coverage[]
  /** Programs that were explored because they were asked for. */
  readonly programs: readonly ExploredProgram[]
  /** Run on real threads and processes. */
  readonly runs: RealRuns | null
  readonly mutants: readonly MutantResult[]
  /** Mutants for which there was no time. */
  readonly mutantsLeft: number
  readonly failures: readonly Failure[]
}

export type Verdict = 'held' | 'violated' | 'unknown' | 'not done'

/** A program and what was explored of it. */
export interface ExploredProgram {
  readonly program: string
  /** Whether all that was asked for was done. */
  readonly complete: boolean
  /** Exactly: a sentence. */
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
  /** Histories that were too much to check. */
  readonly unknown: readonly string[]
  /** Programs of signals; null without processes. */
  readonly signals: SignalRuns | null
}

/** What `stress mutants --json` writes of each. */
export interface MutantResult {
  readonly name: string
  readonly what: string
  readonly found: boolean
  /** `stale`: its text does not stand exactly once in the sources, or what it makes is no program. */
  readonly verdict: 'found' | 'missed' | 'stale'
  /** Complete schedules and, where states are kept, states until it was found. */
  readonly schedules: number
  readonly ms: number
  /** The smallest that fails; null if none was found. */
  readonly program: string | null
  /** What was found, or why not. */
  readonly how: string
}

export type Failure = ExploredFailure | RealFailure

/** Something that the explorer found: it happens again whenever it is replayed. */
export interface ExploredFailure {
  readonly half: 'explored'
  readonly verdict: string
  readonly program: string
  /** What each agent does. */
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
  /** Objects, agents and faults, a line each. */
  readonly program: readonly string[]
  /** Who had not returned from what. */
  readonly asleep: readonly string[]
  readonly faults: FaultCounts
  /** How many programs had held before, and how many smaller ones failed too. */
  readonly after: number
  readonly shrinks: number
  readonly replay: string
  /** The same program in the explorer. */
  readonly explored: Exploration | null
}

/** What came of exploring the program of a real run. */
export interface Exploration {
  /** What of the program the explorer does in another way, or not at all. */
  readonly differences: readonly string[]
  /** What was explored, if nothing was found. */
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
