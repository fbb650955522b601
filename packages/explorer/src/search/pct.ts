import { agentOf, type Action } from '../machine/action.ts'
import type { Machine } from '../machine/machine.ts'
import type { Random } from './random.ts'
import type { Strategy } from './strategy.ts'
import { walks, type Scheduler } from './walk.ts'

/**
 * Probabilistic concurrency testing (Burckhardt et al. 2010): agents have random priorities, and the one with
 * the highest priority among those that can go on does so; at `depth - 1` random points the priority of the
 * running one becomes the lowest. It finds a bug that needs `depth` orderings with a guaranteed probability.
 * A schedule that is much longer than those before goes on at random, so that an agent of high priority
 * cannot spin forever.
 */
export function pct(depth: number, seed: number, schedules: number = Infinity): Strategy {
  return walks(`PCT ${depth}`, () => new Pct(depth), seed, schedules)
}

class Pct implements Scheduler {
  readonly #changes: number
  #priorities: number[] = []
  /** The steps at which the priorities change. */
  #points: number[] = []
  #step = 0
  #longest = 16
  #lowest = 0

  constructor(depth: number) {
    this.#changes = depth - 1
  }

  begin(machine: Machine, random: Random): void {
    this.#longest = Math.max(this.#longest, this.#step)
    this.#step = 0
    this.#lowest = 0
    this.#priorities = Array.from({ length: machine.agents }, () => 1 + random.below(0x40000000))
    this.#points = Array.from({ length: this.#changes }, () => random.below(this.#longest))
  }

  pick(_machine: Machine, actions: readonly Action[], count: number, random: Random): Action {
    if (this.#step++ > this.#longest * 2) return actions[random.below(count)]!
    let best = this.#best(actions, count)
    if (this.#points.includes(this.#step)) {
      this.#priorities[best] = --this.#lowest
      best = this.#best(actions, count)
    }
    // Any of several outcomes of one step may be chosen.
    let found = 0
    let chosen = actions[0]!
    for (let i = 0; i < count; i++) {
      if (agentOf(actions[i]!) === best && random.below(++found) === 0) chosen = actions[i]!
    }
    return chosen
  }

  #best(actions: readonly Action[], count: number): number {
    let best = agentOf(actions[0]!)
    for (let i = 1; i < count; i++) {
      const agent = agentOf(actions[i]!)
      if (this.#priorities[agent]! > this.#priorities[best]!) best = agent
    }
    return best
  }
}
