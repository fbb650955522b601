import type { Call } from '../history/call.ts'

/** A law that was broken, and what shows it. */
export interface Violation {
  /** As in "mutual exclusion". */
  readonly law: string
  /** null if it concerns no object in particular. */
  readonly object: number | null
  readonly text: string
  /** The calls to show first. */
  readonly calls: readonly Call[]
}

/** What came of checking a program's history. */
export interface Verdict {
  readonly violations: readonly Violation[]
  /** What could not be decided within the limits. Never taken for "passed". */
  readonly unknown: readonly string[]
}
