/**
 * agent.c as a model: who is alive, and the certificate of death. Functions have the names that they have
 * there, in camel case, and do their operations in the same order. Words that are only for people (pid, tid,
 * notes) are left out, and so are agents with heirs. source.test.ts says when the C has changed.
 */
import { ALL } from '@ipc/core/author'
import { FUTEX_OWNER_DIED, type SimulatedMemory } from '@ipc/explorer/engine'
import { agentOf, generationOf, livenessOf, nextSlot, nudgeOf, SLOTS, slotOf } from './layout.ts'
import { trylock } from './trylock.ts'

export class Agents {
  readonly memory: SimulatedMemory
  /** How many slots are handed out, from slot 1 on. */
  readonly #slots: number

  constructor(memory: SimulatedMemory, slots: number = SLOTS - 1) {
    this.memory = memory
    this.#slots = slots
  }

  wakeAll(word: number): void {
    this.memory.unpark(word, ALL)
  }

  #certify(slot: number, generation: number): boolean {
    const { memory } = this
    if ((memory.load(livenessOf(slot)) & FUTEX_OWNER_DIED) === 0) return false
    if (memory.compareExchange(generationOf(slot), generation, generation + 1) === generation) {
      this.wakeAll(livenessOf(slot))
    }
    return true
  }

  agentIsDead(agent: number): boolean {
    const slot = slotOf(agent)
    const generation = this.memory.load(generationOf(slot))
    if ((generation & 1) === 0 || agentOf(slot, generation) !== agent) return true
    return this.#certify(slot, generation)
  }

  /** This models RegisteredAgents.isDead() of @ipc/core, which is called before the C function. */
  isDead(agent: number): boolean {
    const slot = slotOf(agent)
    const generation = this.memory.load(generationOf(slot))
    if ((generation & 1) === 0 || agentOf(slot, generation) !== agent) return true
    return (this.memory.load(livenessOf(slot)) & FUTEX_OWNER_DIED) !== 0
  }

  #nudgeAll(): void {
    for (let slot = 1; slot < SLOTS; slot++) {
      if ((this.memory.load(generationOf(slot)) & 1) === 0) continue
      this.memory.add(nudgeOf(slot), 1)
      this.wakeAll(nudgeOf(slot))
    }
  }

  #claimSlot(slot: number): boolean {
    const { memory } = this
    let seen = memory.load(generationOf(slot))
    if ((seen & 1) === 1 && !this.#certify(slot, seen++)) return false

    if (!trylock(memory, livenessOf(slot))) return false

    let generation = memory.load(generationOf(slot))
    if ((generation & 1) === 1) memory.store(generationOf(slot), ++generation)
    if (generation !== seen) this.#nudgeAll()
    memory.store(generationOf(slot), generation + 1)
    return true
  }

  /** Answers with the new agent, or 0 when all slots are taken. */
  agentSelf(): number {
    for (let tries = 0; tries < this.#slots; tries++) {
      const slot = 1 + (this.memory.add(nextSlot, 1) % this.#slots)
      if (this.#claimSlot(slot)) return agentOf(slot, this.memory.load(generationOf(slot)))
    }
    return 0
  }

  /** The agent's mutex stays locked until the thread ends. */
  agentLeave(self: number): void {
    const slot = slotOf(self)
    this.memory.add(generationOf(slot), 1)
    this.wakeAll(livenessOf(slot))
  }
}
