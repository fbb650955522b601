import type { Agents } from '../agents/agents.ts'
import { now } from '../waiting/clock.ts'
import type { AgentId, AgentInfo, Memory, ParkResult, Ticket, Wake, Watch } from './memory.ts'
import { NO_NOTE, type NoteId } from '../agents/notes.ts'
import type { Parking } from './parking.ts'

/**
 * Real shared words. One class serves both scopes, so that call sites see one shape; only how it
 * parks differs.
 */
export class AtomicMemory implements Memory {
  readonly self: AgentId
  readonly #agents: Agents
  readonly #words: Int32Array
  readonly #parking: Parking

  constructor(words: Int32Array, agents: Agents, parking: Parking) {
    this.#words = words
    this.#parking = parking
    this.#agents = agents
    this.self = agents.self
  }

  get isReal(): boolean {
    return true
  }

  load(index: number): number {
    return Atomics.load(this.#words, index)
  }

  store(index: number, value: number): void {
    Atomics.store(this.#words, index, value)
  }

  compareExchange(index: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.#words, index, expected, value)
  }

  exchange(index: number, value: number): number {
    return Atomics.exchange(this.#words, index, value)
  }

  add(index: number, value: number): number {
    return Atomics.add(this.#words, index, value)
  }

  sub(index: number, value: number): number {
    return Atomics.sub(this.#words, index, value)
  }

  and(index: number, value: number): number {
    return Atomics.and(this.#words, index, value)
  }

  or(index: number, value: number): number {
    return Atomics.or(this.#words, index, value)
  }

  get(index: number): number {
    return this.#words[index]!
  }

  set(index: number, value: number): void {
    this.#words[index] = value
  }

  isDead(agent: AgentId): boolean {
    return this.#agents.isDead(agent)
  }

  get seesDeaths(): boolean {
    return this.#agents.seesDeaths
  }

  arm(): Watch {
    return this.#parking.arm()
  }

  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult {
    return this.#parking.park(index, expected, deadline, watch)
  }

  parkAsync(index: number, expected: number, watch: Watch, wake: Wake, hasLooked = false): Ticket {
    return this.#parking.parkAsync(index, expected, watch, wake, hasLooked)
  }

  unpark(index: number, count: number): number {
    return this.#parking.unpark(index, count)
  }

  now(): number {
    return now()
  }

  describe(agent: AgentId): AgentInfo | null {
    return this.#agents.info(agent)
  }

  passOnDeaths(): void {
    this.#parking.passOnDeaths?.()
  }

  noteWait(index: number, blocked: boolean): NoteId {
    return this.#parking.noteWait?.(index, blocked) ?? NO_NOTE
  }

  endNote(note: NoteId): void {
    this.#parking.endNote?.(note)
  }
}
