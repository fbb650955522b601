/**
 * A bug that is planted, or that we once made: a text of the sources, and the text to run in its place. The
 * search must find it without any hint.
 */
export interface Mutant extends Change {
  readonly name: string
  /** The fault, as one sentence. */
  readonly what: string
  /** The primitive whose `stress check` must find it. */
  readonly check: string
  /**
   * The folder of the sources, or the file, in which `from` stands exactly once, seen from the root of
   * the repository. A folder, so that code can move to another file of its package.
   */
  readonly in: string
  /** Further changes, which are the bug only together with the first one. */
  readonly also?: readonly Change[]
}

/** White space, comments and trailing commas do not count when `from` is looked for. */
export interface Change {
  readonly from: string
  readonly to: string
}
