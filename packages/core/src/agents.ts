import type { Native, NativeDomain } from '@ipc/native'
import { POISON, type AgentId, type AgentInfo } from './memory.ts'

/** Those who can meet in a memory. */
export interface Agents {
  readonly self: AgentId
  isDead(agent: AgentId): boolean
  info(agent: AgentId): AgentInfo | null
}

/** Agents of a registry that the kernel keeps honest. */
export class RegisteredAgents implements Agents {
  readonly self: AgentId
  readonly #registry: Int32Array
  readonly #domain: number
  readonly #native: Native
  // Copies, so that the hot path reads no object of the addon's.
  readonly #slots: number
  readonly #slotWords: number
  readonly #generation: number
  readonly #liveness: number

  constructor(native: Native, domain: NativeDomain) {
    this.self = domain.self
    this.#registry = new Int32Array(native.registry(domain.index))
    this.#domain = domain.index
    this.#native = native
    this.#slots = native.layout.slots
    this.#slotWords = native.layout.slotWords
    this.#generation = native.layout.generation
    this.#liveness = native.layout.liveness
  }

  /** An agent is alive while its generation is in its slot and the kernel has not marked it. */
  isDead(agent: AgentId): boolean {
    if (agent === POISON) return false
    const slot = this.#slotOf(agent)
    const generation = Atomics.load(this.#registry, slot + this.#generation)
    if ((generation & 1) === 0 || ((generation >>> 1) & GENERATION_MASK) !== generationOf(agent)) {
      return true
    }
    if ((Atomics.load(this.#registry, slot + this.#liveness) & OWNER_DIED) === 0) return false
    return this.#native.isDead(this.#domain, agent) // certifies it, so that others see it too
  }

  info(agent: AgentId): AgentInfo {
    const { pid, threadId } = this.#native.layout
    const slot = this.#slotOf(agent)
    const info = {
      pid: Atomics.load(this.#registry, slot + pid),
      threadId: Atomics.load(this.#registry, slot + threadId),
    }
    return { ...info, alive: !this.isDead(agent) }
  }

  /** Masked, because shared words may hold anything. */
  #slotOf(agent: AgentId): number {
    return this.#slots + ((agent >>> GENERATION_BITS) & SLOT_MASK) * this.#slotWords
  }
}

const GENERATION_BITS = 18
const GENERATION_MASK = (1 << GENERATION_BITS) - 1
const SLOT_MASK = 0xfff
const OWNER_DIED = 0x40000000 // FUTEX_OWNER_DIED

function generationOf(agent: AgentId): number {
  return agent & GENERATION_MASK
}

/** Threads of this process where there is no addon: nobody can be seen to die. */
export class PlainAgents implements Agents {
  readonly self: AgentId

  constructor(self: AgentId) {
    this.self = self
  }

  isDead(): boolean {
    return false
  }

  info(): AgentInfo | null {
    return null
  }
}
