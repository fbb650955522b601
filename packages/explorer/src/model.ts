import type { Memory } from './memory.ts'
import type { Code } from './code/agent.ts'
import type { Operation } from './code/operation.ts'

/** A part of an agent's program. Everything that it remembers outside shared memory ends with it. */
export interface Segment {
  /** The name that people read: `acquire()`. Segments of one name are the same code. */
  readonly name: string
  readonly code: Code
}

/** The faults that may happen, and how often. */
export interface Faults {
  /** Agents that die, each at any step. */
  readonly crashes: number
  /** Sleeps that end for no reason. */
  readonly spurious: number
}

export const NO_FAULTS: Faults = { crashes: 0, spurious: 0 }

/** A model is what is explored: some agents over some words, and a monitor that says what must hold. */
export interface Model {
  readonly name: string
  /** How many shared words there are. */
  readonly words: number
  /** The first values of the words; zeros if left out. */
  readonly initial?: readonly number[]
  /**
   * Words that are robust futexes: on a death, the kernel marks the one that the agent owned and wakes one
   * sleeper of it. Without them, every death is told to every sleeper.
   */
  readonly robust?: readonly number[]
  readonly agents: readonly (readonly Segment[])[]
  /** For each agent, the number of its process; if left out, each agent is a process of its own. */
  readonly processes?: readonly number[]
  /**
   * Whether an operation on a word commutes with everything that others can do next, if the word's value is
   * `now`: it is then done in one step with the operation before it. Words under a lock are such words for
   * the lock's owner.
   */
  readonly commutes?: (operation: Operation, now: number) => boolean
  /** Each agent does its segments again and again, and may stop after any of them. */
  readonly endless?: boolean
  readonly faults: Faults
  readonly monitor: Monitor
}

/**
 * Watches an exploration and says what is wrong. What it remembers is in words of its own, which
 * are part of the state: two states that it tells apart are two states.
 */
export interface Monitor {
  /** How many words it needs. */
  readonly words: number
  /** Called when an agent tells that something begins or was done; answers with what is wrong about it. */
  tell?(view: View, agent: number, code: number, value: number): string | undefined
  /** Called when the agent is about to check whether it must sleep. */
  armed?(view: View, agent: number): void
  /** Called when nobody can go on and this agent sleeps: says whether it may. By default it may not. */
  maySleep?(view: View, agent: number): boolean
  /** Called when nobody can go on: says what is wrong with the state that is left. */
  atRest?(view: View): string | undefined
  /** Writes the monitor's words for people. */
  readonly wordNames?: readonly string[]
  show?(index: number, value: number): string
}

/** A violation says what is wrong, and which agent did it, if any. */
export interface Violation {
  readonly verdict: string
  readonly agent: number | null
}

/** A memory that is only read. */
export type SharedWords = Memory & Required<Pick<Memory, 'describe'>>

/** A state as a monitor sees it. */
export interface View {
  readonly agents: number
  /** The shared words, for reading. */
  readonly shared: SharedWords
  /** The monitor's own words. */
  get(word: number): number
  set(word: number, value: number): void
  isDead(agent: number): boolean
  isFinished(agent: number): boolean
  isAsleep(agent: number): boolean
}
