/**
 * watch.c as a model: the opener table of one file, and who watches whom. It follows the C line by line, as
 * agents.ts does.
 */
import {
  FUTEX_OWNER_DIED,
  FUTEX_TID_MASK,
  FUTEX_WAITERS,
  type SimulatedMemory,
} from '@ipc/explorer/engine'
import type { Agents } from './agents.ts'
import { livenessOf, nudgeOf, OPENERS, place, places, roster, slotOf } from './layout.ts'

/** A word that names nobody though its agent is alive is read this many times: see watch.c. */
const GARBAGE = 2

/** A liveness word, and its value as long as its agent lives. */
export interface Watched {
  readonly slot: number
  readonly word: number
  readonly alive: number
}

export class Openers {
  readonly #agents: Agents
  readonly #memory: SimulatedMemory

  constructor(agents: Agents) {
    this.#agents = agents
    this.#memory = agents.memory
  }

  #raisePlaces(used: number): void {
    let now = this.#memory.load(places)
    while (now < used) {
      const was = this.#memory.compareExchange(places, now, used)
      if (was === now) return
      now = was
    }
  }

  nudgeOpeners(): void {
    const memory = this.#memory
    memory.add(roster, 1)
    for (let i = 0, used = memory.load(places); i < used; i++) {
      const agent = memory.load(place(i))
      if (agent === 0) continue
      memory.add(nudgeOf(slotOf(agent)), 1)
      this.#agents.wakeAll(nudgeOf(slotOf(agent)))
    }
  }

  #replaceDead(i: number, dead: number, next: number): boolean {
    this.#agents.wakeAll(livenessOf(slotOf(dead)))
    return this.#memory.compareExchange(place(i), dead, next) === dead
  }

  /** Answers false when living agents have all places. */
  join(agent: number): boolean {
    const memory = this.#memory
    for (let i = 0; i < OPENERS; i++) {
      const there = memory.load(place(i))
      if (there !== 0 && !this.#agents.agentIsDead(there)) continue
      this.#raisePlaces(i + 1)
      const entered =
        there === 0
          ? memory.compareExchange(place(i), 0, agent) === 0
          : this.#replaceDead(i, there, agent)
      if (!entered) continue
      this.nudgeOpeners()
      return true
    }
    return false
  }

  leave(agent: number): void {
    const memory = this.#memory
    if (this.#agents.agentIsDead(agent)) return
    for (let i = 0, used = memory.load(places); i < used; i++) {
      if (memory.compareExchange(place(i), agent, 0) === agent) return
    }
  }

  /**
   * Answers with the word's value as long as the agent lives; 0 when it is dead. In C, a word that names
   * nobody for the second time though the agent is alive is garbage, and the sleeper looks again soon; here
   * nobody writes garbage, so it is an error.
   */
  armLiveness(agent: number): number {
    const memory = this.#memory
    const word = livenessOf(slotOf(agent))
    for (let nobody = 0; ;) {
      const value = memory.load(word)
      if (this.#agents.agentIsDead(agent)) return 0
      const namesNobody = (value & FUTEX_TID_MASK) === 0 || (value & FUTEX_OWNER_DIED) !== 0
      if (namesNobody && ++nobody === GARBAGE) {
        throw new Error(`the word of a live agent names nobody: ${value}`)
      }
      if (!namesNobody && (value & FUTEX_WAITERS) !== 0) return value
      if (!namesNobody) memory.compareExchange(word, value, value | FUTEX_WAITERS)
    }
  }

  /** Answers false when it found a dead agent and took it out of the table. */
  watchCollect(self: number, add: (watched: Watched) => void): boolean {
    const memory = this.#memory
    let allAlive = true
    for (let i = 0, used = memory.load(places); i < used; i++) {
      const agent = memory.load(place(i))
      if (agent === 0 || agent === self) continue
      const alive = this.armLiveness(agent)
      const slot = slotOf(agent)
      if (alive !== 0) add({ slot, word: livenessOf(slot), alive })
      else {
        this.#replaceDead(i, agent, 0)
        allAlive = false
      }
    }
    if (!allAlive) this.nudgeOpeners()
    return allAlive
  }
}
