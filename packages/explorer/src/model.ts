import type { Memory } from './memory.ts'
import type { Code } from './code/agent.ts'
import type { Operation } from './code/operation.ts'

/** A part of an agent's program. What it remembers, except in shared memory, ends with it. */
export interface Segment {
  /** As people read it: `acquire()`. Segments of one name are the same code. */
  readonly name: string
  readonly code: Code
}

/** What may go wrong, and how often. */
export interface Faults {
  /** Agents that die, each at any step. */
  readonly crashes: number
  /** Sleeps that end for no reason. */
  readonly spurious: number
}

export const NO_FAULTS: Faults = { crashes: 0, spurious: 0 }

/** What is explored: some agents over some words, and what must hold. */
export interface Model {
  readonly name: string
  /** How many shared words. */
  readonly words: number
  /** What they are at first; zeros if left out. */
  readonly initial?: readonly number[]
  /**
   * Words that are robust futexes: on a death, the kernel marks the one that the agent owned and wakes
   * one sleeper of it. Without them, every death is told to whoever sleeps.
   */
  readonly robust?: readonly number[]
  readonly agents: readonly (readonly Segment[])[]
  /** Of each agent, the number of its process; each is one of its own if left out. */
  readonly processes?: readonly number[]
  /**
   * Whether an operation of a word commutes with whatever others can do next, if the word is `now`: it is then
   * done with the one before it. Words under a lock are such words for who has it.
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
  /** An agent told that something begins or was done; answers with what is wrong about it. */
  tell?(view: View, agent: number, code: number, value: number): string | undefined
  /** The agent is about to look whether it must sleep. */
  armed?(view: View, agent: number): void
  /** Nobody can go on, and this agent sleeps: may it? Not by default. */
  maySleep?(view: View, agent: number): boolean
  /** Nobody can go on: is what is there what should be there? */
  atRest?(view: View): string | undefined
  /** For people. */
  readonly wordNames?: readonly string[]
  show?(index: number, value: number): string
}

/** What is wrong, and who did it, if anybody. */
export interface Violation {
  readonly verdict: string
  readonly agent: number | null
}

/** A memory that is only looked at. */
export type SharedWords = Memory & Required<Pick<Memory, 'describe'>>

/** What a monitor sees. */
export interface View {
  readonly agents: number
  /** The shared words, to look at. */
  readonly shared: SharedWords
  /** The monitor's own. */
  get(word: number): number
  set(word: number, value: number): void
  isDead(agent: number): boolean
  isFinished(agent: number): boolean
  isAsleep(agent: number): boolean
}
