import { type AgentInfo } from '@ipc/core'
import { type Memory, type ParkResult, type Ticket, type Watch } from '@ipc/core/author'
import { type SimulatedMemory, type Sleep, SLEEP_CHANGED, SLEPT_OUT } from '@ipc/explorer/engine'
import { Agents } from './agents.ts'
import { DATA, nudgeOf, roster, slotOf } from './layout.ts'
import { Openers, type Watched } from './openers.ts'

/**
 * The memory of a named object, as ProcessParking of @ipc/core and park.c make it: primitives sleep on their
 * word, on their nudge and on the liveness of everybody who has the object open. park() is ipc_park() of
 * park.c, line by line, but without the slow look every 250 ms, which would hide lost wakes.
 */
export class NativeMemory implements Memory {
  /** The calling agent. */
  readonly self: number
  readonly agents: Agents
  readonly openers: Openers
  readonly #memory: SimulatedMemory
  /** This is struct ipc_watch; null if it is not valid. */
  #watch: { readonly roster: number; readonly watched: readonly Watched[] } | null = null
  /**
   * The watched words, of this list or the one before, in which there are deaths that others must hear of.
   */
  #owed: readonly Watched[] = []

  /** Nobody waits for its calls: see `keepAliveIn`. */
  get isReal(): false {
    return false
  }

  constructor(memory: SimulatedMemory, self: number) {
    this.#memory = memory
    this.self = self
    this.agents = new Agents(memory)
    this.openers = new Openers(this.agents)
  }

  isDead(agent: number): boolean {
    return this.agents.isDead(agent)
  }

  arm(): Watch {
    return this.#memory.load(roster)
  }

  #makeList(seen: Watch): boolean {
    this.#watch = null
    const watched: Watched[] = []
    if (!this.openers.watchCollect(this.self, (one) => watched.push(one))) return false
    this.#watch = { roster: seen, watched }
    return true
  }

  #seeDeath(watched: readonly Watched[]): ParkResult {
    this.#watch = null
    this.#owed = watched
    return 'death'
  }

  passOnDeaths(): void {
    const owed = this.#owed
    this.#owed = []
    for (const { word, alive } of owed) {
      if (this.#memory.load(word) !== alive) this.#memory.unpark(word, 1)
    }
  }

  #whatChanged(watched: readonly Watched[]): ParkResult {
    for (const { word, alive } of watched) {
      if (this.#memory.load(word) !== alive) return this.#seeDeath(watched)
    }
    return 'changed'
  }

  park(index: number, expected: number, deadline: number, seen: Watch): ParkResult {
    const memory = this.#memory
    this.passOnDeaths()
    const nudge = nudgeOf(slotOf(this.self))
    const nudged = memory.load(nudge)
    if (this.#watch === null || this.#watch.roster !== seen) {
      if (!this.#makeList(seen)) return 'death'
    }
    if (memory.load(roster) !== seen) {
      this.#watch = null
      return 'changed'
    }
    const { watched } = this.#watch!
    const words: Sleep[] = [
      { word: DATA + index, expected },
      { word: nudge, expected: nudged },
    ]
    const liveness = words.length
    for (const { word, alive } of watched) words.push({ word, expected: alive })

    const woken = memory.sleepOn(words, deadline)
    if (woken === SLEPT_OUT) return 'timed-out'
    if (woken === SLEEP_CHANGED) return this.#whatChanged(watched)
    if (woken >= liveness) return this.#seeDeath(watched)
    return woken === 0 ? 'woken' : 'changed'
  }

  unpark(index: number, count: number): number {
    return this.#memory.unpark(DATA + index, count)
  }

  load(index: number): number {
    return this.#memory.load(DATA + index)
  }

  store(index: number, value: number): void {
    this.#memory.store(DATA + index, value)
  }

  get(index: number): number {
    return this.#memory.get(DATA + index)
  }

  set(index: number, value: number): void {
    this.#memory.set(DATA + index, value)
  }

  compareExchange(index: number, expected: number, value: number): number {
    return this.#memory.compareExchange(DATA + index, expected, value)
  }

  exchange(index: number, value: number): number {
    return this.#memory.exchange(DATA + index, value)
  }

  add(index: number, value: number): number {
    return this.#memory.add(DATA + index, value)
  }

  sub(index: number, value: number): number {
    return this.#memory.sub(DATA + index, value)
  }

  and(index: number, value: number): number {
    return this.#memory.and(DATA + index, value)
  }

  or(index: number, value: number): number {
    return this.#memory.or(DATA + index, value)
  }

  now(): number {
    return this.#memory.now()
  }

  parkAsync(): Ticket {
    throw new Error('the parking thread is not modelled')
  }

  describe(agent: number): AgentInfo {
    return { pid: 1, threadId: slotOf(agent), alive: true }
  }
}
