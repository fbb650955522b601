import type { Guard } from '../objects/guard.ts'
import type { AgentInfo, ParkResult } from '../memory/memory.ts'

/**
 * The index of a `Sleep` that has nothing to sleep on: somebody in this thread will say when to try again.
 */
export const NOWHERE = -1

/** The knowledge of one waiter between two tries: which word to sleep on, and how it went so far. */
export class Sleep {
  /** The word to sleep on; set by an attempt that failed. */
  index: number = NOWHERE
  /** The value that the word must have for sleeping to be right. */
  expected = 0
  /** How often it has slept. A waiter that has slept may have consumed a wake, and must pass it on. */
  slept = 0
  /** How often it was woken and found nothing. */
  lost = 0
  /** Whether the thread blocks, and cannot do anything else meanwhile. */
  readonly blocking: boolean
  /** When it gives up. */
  readonly deadline: number

  constructor(blocking: boolean, deadline: number) {
    this.blocking = blocking
    this.deadline = deadline
  }

  /** Whether a sleep ended though nobody woke it, as a sleep does that has lasted. */
  get hasIdled(): boolean {
    return this.slept > this.lost
  }

  /** To be called after a sleep. */
  over(result: ParkResult): void {
    this.slept++
    if (result === 'woken') this.lost++
  }

  on(index: number, expected: number): void {
    this.index = index
    this.expected = expected
  }
}

/** A primitive says with this how to wait for it. Results are never undefined. */
export interface Waiting<T> {
  /** The object through which it waits; closing it ends the wait. */
  readonly owner: object
  /**
   * Takes, or makes sure that a wake will come and says where to sleep; it is tried again after each sleep.
   * The memory was armed before.
   */
  attempt(sleep: Sleep): T | undefined
  /** Leaves without taking, after a sleep: passes on the wake that the waiter may have consumed. */
  leave(): void
  /**
   * Is called when a waiter left without taking, slept or not, and nobody in this thread waits any more.
   */
  end?(): void
  /** The name that messages have for what it waits for. */
  readonly what?: string
  /** The agents that hold it, for people. */
  owners?(): readonly (AgentInfo | null)[]
  /** The holds of it that this thread itself has, and must give back before this wait can end. */
  own?(): readonly Guard[]
}
