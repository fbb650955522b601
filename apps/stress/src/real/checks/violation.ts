import type { Call } from '../history/call.ts'

/** A law that was broken, and what shows it. */
export interface Violation {
  /** The name of the law, such as "mutual exclusion". */
  readonly law: string
  /** The number of the object; null if the violation concerns no object in particular. */
  readonly object: number | null
  readonly text: string
  /** The calls around which a report shows the history. */
  readonly calls: readonly Call[]
}

/** The result of checking a program's history. */
export interface Verdict {
  readonly violations: readonly Violation[]
  /** Sentences about what could not be decided within the limits, which never counts as passed. */
  readonly unknown: readonly string[]
}
