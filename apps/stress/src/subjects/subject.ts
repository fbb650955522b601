import type { Model, Monitor, Segment } from '@ipc/explorer/engine'

/** A subject is a primitive as the explorer knows it: what agents can do with it, and what must hold. */
export interface Subject {
  /** The name also stands in tokens: it consists of letters, digits and a colon. */
  readonly name: string
  readonly words: number
  /** Answers with the first values of the words, for agents with these segments; zeros if left out. */
  readonly initial?: (agents: readonly (readonly string[])[]) => readonly number[]
  /** See `Model`. */
  readonly robust?: readonly number[]
  readonly monitor: Monitor
  readonly commutes?: Model['commutes']
  /** Answers with the threads that come with these agents, after them: one segment for each. */
  readonly helpers?: (agents: readonly (readonly string[])[]) => readonly Segment[]
  /** See `Model`; this is for the helpers, too. */
  readonly processes?: (agents: readonly (readonly string[])[]) => readonly number[]
  /** The number of agents that a program may have, if it is fewer than usual. */
  readonly mostAgents?: number
  /**
   * Answers why no user could write a program with these agents, if that is so: for example, an agent goes on
   * with an object that it has closed. Such a program would break laws that the primitive never promised.
   */
  readonly refuses?: (agents: readonly (readonly string[])[]) => string | undefined
  /** Their names are words, for tokens. Simple ones first: programs shrink towards them. */
  readonly segments: readonly Segment[]
  /** The segments of agents that are event loops. */
  readonly loops?: readonly Segment[]
}
