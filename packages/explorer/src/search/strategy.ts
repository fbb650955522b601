import type { Action } from '../machine/action.ts'
import type { Machine } from '../machine/machine.ts'
import type { Violation } from '../model.ts'

/** When to end a search that has found nothing. */
export interface Budget {
  /** True when the time is over; asked now and then. */
  over(): boolean
  /** At most so many states are kept. */
  readonly maxStates: number
  /** A schedule that is longer is a livelock. */
  readonly maxSteps: number
}

export interface Finding extends Violation {
  /** What happened, from the start. */
  readonly schedule: readonly Action[]
}

export interface Outcome {
  readonly finding: Finding | null
  /** What was covered, exactly: a sentence. */
  readonly covered: string
  /** Whether it did all that its name promises. */
  readonly complete: boolean
  /** Complete schedules, of those strategies that count them. */
  readonly schedules: number
  readonly states: number
  readonly steps: number
}

/** A way to go through the schedules of a machine. One file each. */
export interface Strategy {
  readonly name: string
  search(machine: Machine, budget: Budget): Outcome
}
