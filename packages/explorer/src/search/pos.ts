import { agentOf, type Action } from '../machine/action.ts'
import type { Machine } from '../machine/machine.ts'
import { Op } from '../code/operation.ts'
import type { Random } from './random.ts'
import type { Strategy } from './strategy.ts'
import { walks, type Scheduler } from './walk.ts'

/**
 * Partial order sampling (Yuan, Yang and Gu 2018): each pending operation has a random priority, and the one
 * with the highest happens; then the agent's next operation and those that race with it (on the same word)
 * get new priorities. So it chooses the orders that matter more evenly than a random walk does.
 */
export function pos(seed: number, schedules: number = Infinity): Strategy {
  return walks('POS', () => new Pos(), seed, schedules)
}

class Pos implements Scheduler {
  readonly #priorities: number[] = []

  begin(machine: Machine, random: Random): void {
    for (let agent = 0; agent < machine.agents; agent++) this.#priorities[agent] = random.next()
  }

  pick(machine: Machine, actions: readonly Action[], count: number, random: Random): Action {
    let chosen = actions[0]!
    let same = 1
    for (let i = 1; i < count; i++) {
      const agent = agentOf(actions[i]!)
      const best = agentOf(chosen)
      if (agent === best) {
        if (random.below(++same) === 0) chosen = actions[i]!
      } else if (this.#priorities[agent]! > this.#priorities[best]!) {
        chosen = actions[i]!
        same = 1
      }
    }
    const winner = agentOf(chosen)
    const { index } = machine.nodeOf(winner)
    for (let i = 0; i < count; i++) {
      const agent = agentOf(actions[i]!)
      const node = machine.nodeOf(agent)
      if (agent === winner || (node.kind <= Op.UNPARK && node.index === index)) {
        this.#priorities[agent] = random.next()
      }
    }
    return chosen
  }
}
