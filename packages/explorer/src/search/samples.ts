import { pct } from './pct.ts'
import { pos } from './pos.ts'
import { random } from './random-walk.ts'
import type { Strategy } from './strategy.ts'

/** Samples of long schedules, the same number of each kind: they find other bugs than few preemptions do. */
export function samples(seed: number, schedules: number): Strategy[] {
  return [
    random(seed, schedules),
    pct(2, seed, schedules),
    pct(3, seed, schedules),
    pct(4, seed, schedules),
    pos(seed, schedules),
  ]
}
