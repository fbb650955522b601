/** The words of a Condition, which say who waits for it. The table is in condition.ts. */
import { IpcError } from '@ipc/core'
import { ALL, NOBODY, type AgentId, type Layout, type Memory, type Place } from '@ipc/core/author'

const NOTIFIED = 0x80000000 | 0
const POKED = 0x40000000
const NUMBER = 0x3fffffff

const NEXT_TICKET = 0
const USED = 1
const FIRST_ENTRY = 2
const TICKET = 0
const AGENT = 1
const ENTRY_WORDS = 2

/** In AGENT: it left without the lock, so somebody else frees the entry, as if it had died. */
const GONE: AgentId = 1

/** At most this many may wait at a time. */
export const ENTRIES = 500

export const LAYOUT: Layout = {
  kind: 'condition',
  words: FIRST_ENTRY + ENTRIES * ENTRY_WORDS,
  options: [0, 0, 0, 0],
}

/** One waiter; the index of its first word. */
export type Entry = number

interface Waiter {
  readonly entry: Entry
  readonly agent: AgentId
  readonly age: number
}

export const isNotified = (ticket: number): boolean => (ticket & NOTIFIED) !== 0

/** Its methods are called under the user's lock, except where they say otherwise. */
export class Entries {
  readonly #memory: Memory
  readonly #index: number
  readonly #first: Entry

  constructor({ memory, index }: Place) {
    this.#memory = memory
    this.#index = index
    this.#first = index + FIRST_ENTRY
  }

  get #end(): Entry {
    const used = Math.min(this.#memory.load(this.#index + USED), ENTRIES)
    return this.#first + used * ENTRY_WORDS
  }

  /** Makes an entry for this thread. */
  add(what: string): Entry {
    const last = this.#first + (ENTRIES - 1) * ENTRY_WORDS
    const end = this.#end
    for (let entry = this.#first; entry <= last; entry += ENTRY_WORDS) {
      if (this.#memory.load(entry + AGENT) !== NOBODY) continue
      if (entry === end) this.#memory.add(this.#index + USED, 1)
      const ticket = this.#memory.load(this.#index + NEXT_TICKET)
      this.#memory.store(this.#index + NEXT_TICKET, (ticket + 1) & NUMBER)
      this.#memory.store(entry + TICKET, ticket)
      this.#memory.store(entry + AGENT, this.#memory.self)
      return entry
    }
    throw new IpcError('ERR_IPC_FULL', `wait for ${what}: ${ENTRIES} wait already`)
  }

  free(entry: Entry): void {
    this.#memory.store(entry + AGENT, NOBODY)
  }

  /**
   * Without the lock. If this waiter was notified, all others must see that it left, also those that
   * are just going to sleep; so a wake is not enough.
   *
   *   T1 sees no orphan | T2 deserts, and wakes all who sleep | T1 sleeps, and has seen nothing
   */
  desert(entry: Entry): void {
    this.#memory.store(entry + AGENT, GONE)
    if (!this.isNotified(entry)) return
    for (let other = this.#first; other < this.#end; other += ENTRY_WORDS) {
      this.#memory.or(other + TICKET, POKED)
      this.#wake(other)
    }
  }

  /** Without the lock: the word that its waiter sleeps on. */
  wordOf(entry: Entry): number {
    return entry + TICKET
  }

  /**
   * Without the lock. The waiter calls it before it checks for orphans, and may sleep after that if its
   * word still has the value that this returns.
   */
  takePoke(entry: Entry): number {
    const ticket = this.#memory.load(entry + TICKET)
    return (ticket & POKED) === 0 ? ticket : this.#memory.and(entry + TICKET, ~POKED) & ~POKED
  }

  /** The waiter itself may also ask without the lock. */
  isNotified(entry: Entry): boolean {
    return isNotified(this.#memory.load(entry + TICKET))
  }

  /** Without the lock: whether somebody died after it was notified. */
  get hasOrphan(): boolean {
    const end = this.#end
    for (let entry = this.#first; entry < end; entry += ENTRY_WORDS) {
      if (this.isNotified(entry) && this.#isLeft(this.#memory.load(entry + AGENT))) return true
    }
    return false
  }

  /** Frees the entries of the dead, and passes on the wakes that they did not take. */
  bury(): void {
    const end = this.#end
    for (let entry = this.#first; entry < end; entry += ENTRY_WORDS) {
      if (!this.#isLeft(this.#memory.load(entry + AGENT))) continue
      if (this.isNotified(entry)) this.notifyOldest(1)
      this.free(entry)
    }
  }

  /**
   * It checks that a waiter is still there after it has marked the waiter. The other way round a wake
   * would be lost:
   *
   *   T1 sees that A is there | A dies, or deserts; T2 wakes up, sees no mark, sleeps on | T1 marks A
   */
  notifyOldest(count: number): void {
    let left = count
    for (const { entry } of this.#oldestFirst()) {
      if (left === 0) return
      this.#memory.or(entry + TICKET, NOTIFIED)
      if (this.#isLeft(this.#memory.load(entry + AGENT))) {
        this.#memory.and(entry + TICKET, ~NOTIFIED) // the next one instead
      } else {
        this.#wake(entry)
        left--
      }
    }
  }

  /** How many wait and were not notified; without the lock, the number is approximate. */
  get waiting(): number {
    return this.#oldestFirst().filter(({ agent }) => !this.#isLeft(agent)).length
  }

  /** The waiters that were not notified; some may have died. */
  #oldestFirst(): Waiter[] {
    const next = this.#memory.load(this.#index + NEXT_TICKET)
    const waiters: Waiter[] = []
    const end = this.#end
    for (let entry = this.#first; entry < end; entry += ENTRY_WORDS) {
      const agent = this.#memory.load(entry + AGENT)
      if (agent === NOBODY) continue
      const ticket = this.#memory.load(entry + TICKET)
      if (!isNotified(ticket)) waiters.push({ entry, agent, age: (next - ticket) & NUMBER })
    }
    return waiters.length > 1 ? waiters.toSorted((a, b) => b.age - a.age) : waiters
  }

  #isLeft(agent: AgentId): boolean {
    return agent === GONE || (agent !== NOBODY && this.#memory.isDead(agent))
  }

  /** Wakes all: a ticket that could not be cancelled may still sleep there. */
  #wake(entry: Entry): void {
    this.#memory.unpark(entry + TICKET, ALL)
  }
}
