import type { Scheduler } from './walk.ts'
import { walks } from './walk.ts'
import type { Strategy } from './strategy.ts'

/** Chooses any step, each as likely as the others. */
export function random(seed: number, schedules: number = Infinity): Strategy {
  return walks('random', () => UNIFORM, seed, schedules)
}

const UNIFORM: Scheduler = {
  begin: () => {},
  pick: (_machine, actions, count, numbers) => actions[numbers.below(count)]!,
}
