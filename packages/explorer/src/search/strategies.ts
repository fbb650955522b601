/** The strategies under the names, and with the options, that users know. */
import { bounded, complete as completeGraph } from './bounded.ts'
import { pct as pctOf } from './pct.ts'
import { pos as posOf } from './pos.ts'
import { random } from './random-walk.ts'

/** A way to go through the schedules of an algorithm, made by the functions here. */
export interface Strategy {
  readonly name: string
}

/** How many random schedules are run, and which ones. */
export interface Samples {
  /** Default 500. */
  readonly schedules?: number
  /** Default 1. */
  readonly seed?: number
}

const SCHEDULES = 500

/** Every schedule: the complete graph of states, loops included. */
export const complete: Strategy = completeGraph

/** All schedules with at most this many preemptions. */
export function preemptions(most: number): Strategy {
  if (Number.isInteger(most) && most >= 0) return bounded(most)
  throw new RangeError(`preemptions must be an integer from 0: ${String(most)}`)
}

/** Chooses any step, each as likely as the others. */
export function randomWalk({ schedules = SCHEDULES, seed = 1 }: Samples = {}): Strategy {
  return random(seed, schedules)
}

/** Probabilistic concurrency testing, for bugs that need `depth` orderings. */
export function pct(depth: number, { schedules = SCHEDULES, seed = 1 }: Samples = {}): Strategy {
  if (Number.isInteger(depth) && depth >= 1) return pctOf(depth, seed, schedules)
  throw new RangeError(`depth must be an integer from 1: ${String(depth)}`)
}

/** Partial order sampling. */
export function pos({ schedules = SCHEDULES, seed = 1 }: Samples = {}): Strategy {
  return posOf(seed, schedules)
}
