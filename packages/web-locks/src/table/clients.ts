import { IpcError } from '@ipc/core'
import { type AgentId, type Memory } from '@ipc/core/author'
import {
  AGENT,
  ALL_OF_THEM,
  BELL,
  CLIENT_WORDS,
  INBOX,
  INBOX_NEXT,
  THIEF,
  USED_CLIENTS,
  type Layout,
} from './layout.ts'

const SLEEPS = 1
const RING = 2

/**
 * The agents that use the table, and how they are told. There is one object for each agent; everything
 * but `lieDown`, `getUp`, `wake` and `hasDead` is called under the mutex.
 */
export class Clients {
  /** Entries of this client that were granted, in order. */
  readonly granted: number[] = []
  /** Whether this client must examine all of its requests. */
  lookAtAll = false
  /** The agent that robbed this client last. */
  thief: AgentId = 0
  /** This client's words; 0 before it has joined. */
  mine = 0
  readonly #memory: Memory
  readonly #layout: Layout
  /** Bells of sleepers, to be woken when the mutex is free. */
  readonly #rung: number[] = []

  constructor(memory: Memory, layout: Layout) {
    this.#memory = memory
    this.#layout = layout
  }

  /** The words of every client there ever was; AGENT is 0 where nobody is now. */
  *all(): Generator<number> {
    const { clients, base } = this.#layout
    const end = clients + this.#memory.load(base + USED_CLIENTS) * CLIENT_WORDS
    for (let client = clients; client < end; client += CLIENT_WORDS) yield client
  }

  /** @throws IpcError ERR_IPC_FULL */
  join(): void {
    const memory = this.#memory
    const { clients, base, sizes } = this.#layout
    for (let i = 0; i < sizes.clients; i++) {
      const client = clients + i * CLIENT_WORDS
      const isNew = i >= memory.load(base + USED_CLIENTS)
      if (!isNew && memory.load(client + AGENT) !== 0) continue
      memory.store(client + INBOX, 0)
      memory.and(client + BELL, ~SLEEPS)
      if (isNew) memory.store(base + USED_CLIENTS, i + 1)
      memory.store(client + AGENT, memory.self) // ●
      this.mine = client
      return
    }
    throw new IpcError('ERR_IPC_FULL', `use Web Locks: ${sizes.clients} threads use them already`)
  }

  /** Called when this client has no entries any more. */
  leave(): void {
    if (this.mine !== 0) this.#memory.store(this.mine + AGENT, 0)
    this.mine = 0
  }

  /** Tells a client that its entry was granted. */
  grant(client: number, entry: number): void {
    if (client === this.mine) {
      this.granted.push(entry)
      return
    }
    const memory = this.#memory
    const first = memory.load(client + INBOX)
    if (first !== ALL_OF_THEM) {
      memory.set(entry + INBOX_NEXT, first)
      memory.store(client + INBOX, entry)
    }
    this.#ring(client)
  }

  /** Tells a client that it lost an entry to this one; after a repair, tells any client. */
  tellAll(client: number, thief: AgentId = 0): void {
    const memory = this.#memory
    if (client === this.mine) {
      this.lookAtAll = true
      this.thief = thief || this.thief
      return
    }
    if (thief !== 0) memory.set(client + THIEF, thief)
    memory.store(client + INBOX, ALL_OF_THEM)
    this.#ring(client)
  }

  #ring(client: number): void {
    if ((this.#memory.add(client + BELL, RING) & SLEEPS) !== 0) this.#rung.push(client + BELL)
  }

  /** Empties the inbox, before anything else is done inside. */
  collect(): void {
    if (this.mine === 0) return
    const memory = this.#memory
    const first = memory.load(this.mine + INBOX)
    if (first === 0) return
    if (first === ALL_OF_THEM) {
      this.lookAtAll = true
      this.thief = memory.get(this.mine + THIEF) || this.thief
    } else {
      const entries: number[] = []
      for (let entry = first; entry !== 0; entry = memory.get(entry + INBOX_NEXT)) {
        entries.push(entry)
      }
      this.granted.push(...entries.toReversed()) // the oldest is the last one of the chain
    }
    memory.store(this.mine + INBOX, 0)
  }

  /** Called when the mutex is free. */
  wake(): void {
    if (this.#rung.length === 0) return
    for (const bell of this.#rung) this.#memory.unpark(bell, 1)
    this.#rung.length = 0
  }

  /** The word that this client sleeps on. */
  get bell(): number {
    return this.mine + BELL
  }

  /**
   * Announces a sleep, then checks whether there is something to do. Returns the value that BELL must have
   * for sleeping to be right; null if there is something to do inside first. The memory was armed before.
   */
  lieDown(mustEnter: () => boolean): number | null {
    const memory = this.#memory
    for (;;) {
      const announced = memory.or(this.bell, SLEEPS) | SLEEPS
      if (memory.load(this.mine + INBOX) !== 0 || mustEnter()) {
        this.getUp()
        return null
      }
      if (memory.load(this.bell) === announced) return announced
    }
  }

  /** Called after a sleep, or instead of one. */
  getUp(): void {
    this.#memory.and(this.bell, ~SLEEPS)
  }

  /** Whether a client has died that nobody has buried yet. */
  get hasDead(): boolean {
    for (const client of this.all()) {
      const agent = this.#memory.load(client + AGENT)
      if (agent !== 0 && this.#memory.isDead(agent)) return true
    }
    return false
  }
}
