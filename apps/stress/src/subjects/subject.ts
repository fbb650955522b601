import type { Model, Monitor, Segment } from '@ipc/explorer/engine'

/** A primitive as the explorer knows it: what agents can do with it, and what must hold. */
export interface Subject {
  /** Also in tokens: letters, digits and a colon. */
  readonly name: string
  readonly words: number
  /** What they are at first, for agents with these segments; zeros if left out. */
  readonly initial?: (agents: readonly (readonly string[])[]) => readonly number[]
  /** See `Model`. */
  readonly robust?: readonly number[]
  readonly monitor: Monitor
  readonly commutes?: Model['commutes']
  /** Threads that come with these agents, after them: one segment for each. */
  readonly helpers?: (agents: readonly (readonly string[])[]) => readonly Segment[]
  /** See `Model`; of the helpers, too. */
  readonly processes?: (agents: readonly (readonly string[])[]) => readonly number[]
  /** How many agents a program may have, if fewer than usual. */
  readonly mostAgents?: number
  /**
   * Why no user could write a program with these agents, if that is so: one that goes on with what it has
   * closed, say. Such a program would break laws that the primitive never promised.
   */
  readonly refuses?: (agents: readonly (readonly string[])[]) => string | undefined
  /** Their names are words, for tokens. Simple ones first: programs shrink towards them. */
  readonly segments: readonly Segment[]
  /** Agents that are event loops. */
  readonly loops?: readonly Segment[]
}
