import type { Native, NativeDomain } from '@ipc/native'
import { POISON, type AgentId, type AgentInfo } from '../memory/memory.ts'
import { Notes, type NotedCommand, type NotedWait } from './notes.ts'

/** The agents that can meet in a memory. */
export interface Agents {
  readonly self: AgentId
  readonly seesDeaths: boolean
  isDead(agent: AgentId): boolean
  info(agent: AgentId): AgentInfo | null
}

/** Agents of a registry that the kernel keeps honest. */
export class RegisteredAgents implements Agents {
  readonly self: AgentId
  readonly seesDeaths = true
  /** The notes that this thread writes about itself. */
  readonly notes: Notes
  readonly #registry: Int32Array
  readonly #domain: number
  readonly #native: Native
  // Copies, so that the hot path reads no object of the addon's.
  readonly #slots: number
  readonly #slotWords: number
  readonly #generation: number
  readonly #liveness: number
  readonly #firstWithHeirs: number

  constructor(native: Native, domain: NativeDomain) {
    this.self = domain.self
    this.#registry = new Int32Array(native.registry(domain.index))
    this.#domain = domain.index
    this.#native = native
    this.#slots = native.layout.slots
    this.#slotWords = native.layout.slotWords
    this.#generation = native.layout.generation
    this.#liveness = native.layout.liveness
    this.#firstWithHeirs = native.layout.firstWithHeirs
    this.notes = this.#notesOf(this.self)
  }

  /**
   * An agent is alive while its generation is in its slot and the kernel has not marked it, and while
   * it has heirs. The generation is read first: a mark that is read then is that agent's, or a later
   * one's.
   */
  isDead(agent: AgentId): boolean {
    if (isWithoutSlot(agent)) return false
    const slot = this.#slotOf(agent)
    const generation = Atomics.load(this.#registry, slot + this.#generation)
    if ((generation & 1) === 0 || ((generation >>> 1) & GENERATION_MASK) !== generationOf(agent)) {
      return true
    }
    if ((Atomics.load(this.#registry, slot + this.#liveness) & OWNER_DIED) === 0) return false
    if (slotNumberOf(agent) < this.#firstWithHeirs) return true
    return this.#native.isDead(this.#domain, agent)
  }

  info(agent: AgentId): AgentInfo {
    const { pid, threadId, pidNamespace } = this.#native.layout
    const slot = this.#slotOf(agent)
    const load = (word: number): number => Atomics.load(this.#registry, slot + word)
    const alive = !this.isDead(agent)
    const described = this.whenDescribed(agent, () => ({
      pid: load(pid),
      threadId: load(threadId),
      ...(load(pidNamespace) === this.#native.pidNamespace() ? {} : { foreign: true as const }),
    }))
    return { ...(described ?? { pid: 0, threadId: 0 }), alive }
  }

  /** The notes that an agent writes about itself; null if nobody knows them any more. */
  told(agent: AgentId): { command: NotedCommand | null; waits: NotedWait[] } | null {
    const notes = this.#notesOf(agent)
    return this.whenDescribed(agent, () => ({ command: notes.command, waits: notes.waits() }))
  }

  /**
   * Returns what `read` reads in the agent's slot, if the slot describes this agent before and after; null
   * if it describes a later one. A slot describes its agent, even a dead one, until it is claimed again.
   */
  whenDescribed<T>(agent: AgentId, read: () => T): T | null {
    if (!this.#describes(agent)) return null
    const described = read()
    return this.#describes(agent) ? described : null
  }

  #describes(agent: AgentId): boolean {
    const { described } = this.#native.layout
    const generation = Atomics.load(this.#registry, this.#slotOf(agent) + described)
    return (generation & 1) === 1 && ((generation >>> 1) & GENERATION_MASK) === generationOf(agent)
  }

  #notesOf(agent: AgentId): Notes {
    return new Notes(this.#registry, this.#slotOf(agent) + this.#native.layout.notes)
  }

  /** The agents that live now. */
  living(): AgentId[] {
    const agents: AgentId[] = []
    for (let slot = 1; slot <= SLOT_MASK; slot++) {
      const at = this.#slots + slot * this.#slotWords
      const generation = Atomics.load(this.#registry, at + this.#generation)
      const agent = (slot << GENERATION_BITS) | ((generation >>> 1) & GENERATION_MASK)
      if ((generation & 1) === 1 && !this.isDead(agent)) agents.push(agent)
    }
    return agents
  }

  /** Whether the agent itself has died, and lives on in its heirs only. */
  livesInHeirs(agent: AgentId): boolean {
    const word = Atomics.load(this.#registry, this.#slotOf(agent) + this.#liveness)
    return (word & OWNER_DIED) !== 0 && !this.isDead(agent)
  }

  /** Masked, because shared words may hold anything. */
  #slotOf(agent: AgentId): number {
    return this.#slots + slotNumberOf(agent) * this.#slotWords
  }
}

const GENERATION_BITS = 18
const GENERATION_MASK = (1 << GENERATION_BITS) - 1
const SLOT_MASK = 0xfff
const OWNER_DIED = 0x40000000 // FUTEX_OWNER_DIED

function slotNumberOf(agent: number): number {
  return (agent >>> GENERATION_BITS) & SLOT_MASK
}

function generationOf(agent: AgentId): number {
  return agent & GENERATION_MASK
}

/** POISON, or a thread that could not load the addon while others could: see withoutSlot. */
function isWithoutSlot(agent: AgentId): boolean {
  return slotNumberOf(agent) === 0
}

/** The id of a thread without the addon: in slot 0, which no thread with it has. */
export function withoutSlot(thread: number): AgentId {
  const first = POISON + 1
  return first + (thread % (GENERATION_MASK + 1 - first))
}

/** Threads of this process where there is no addon: nobody can be seen to die. */
export class PlainAgents implements Agents {
  readonly self: AgentId
  readonly seesDeaths = false

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
