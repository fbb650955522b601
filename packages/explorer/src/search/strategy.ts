import type { Action } from '../machine/action.ts'
import type { Machine } from '../machine/machine.ts'
import type { Violation } from '../model.ts'

/** A budget says when a search that has found nothing ends. */
export interface Budget {
  /** True when the time is over; asked now and then. */
  over(): boolean
  /** The search keeps at most this many states. */
  readonly maxStates: number
  /** A schedule that is longer is a livelock. */
  readonly maxSteps: number
}

export interface Finding extends Violation {
  /** The actions that happened, from the start. */
  readonly schedule: readonly Action[]
}

export interface Outcome {
  readonly finding: Finding | null
  /** A sentence that says exactly what was covered. */
  readonly covered: string
  /** Whether it did all that its name promises. */
  readonly complete: boolean
  /** How many schedules were run to the end, if the strategy counts them. */
  readonly schedules: number
  readonly states: number
  readonly steps: number
}

/** A way to go through the schedules of a machine. One file each. */
export interface Strategy {
  readonly name: string
  search(machine: Machine, budget: Budget): Outcome
}
