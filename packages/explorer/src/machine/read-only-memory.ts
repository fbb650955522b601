import type { AgentId, Memory, ParkResult, Ticket } from '../memory.ts'
import { FIRST_ID, LATE_MS } from '../code/operation.ts'

/** The shared words of a state, for reading: also as a `Memory`, for code that only reads. */
export class ReadOnlyMemory implements Memory {
  readonly self: AgentId = FIRST_ID - 1
  readonly #words: Int32Array
  readonly #isDead: (agent: number) => boolean

  constructor(words: Int32Array, isDead: (agent: number) => boolean) {
    this.#words = words
    this.#isDead = isDead
  }

  load(index: number): number {
    return this.#words[index]!
  }

  get(index: number): number {
    return this.#words[index]!
  }

  isDead(id: AgentId): boolean {
    return this.#isDead(id - FIRST_ID)
  }

  now(): number {
    return LATE_MS
  }

  describe(id: AgentId): { pid: number; threadId: number; alive: boolean } {
    return { pid: 1, threadId: id - FIRST_ID, alive: !this.isDead(id) }
  }

  store(): never {
    throw new Error('a monitor may only look')
  }

  set(): never {
    return this.store()
  }

  compareExchange(): never {
    return this.store()
  }

  exchange(): never {
    return this.store()
  }

  add(): never {
    return this.store()
  }

  sub(): never {
    return this.store()
  }

  and(): never {
    return this.store()
  }

  or(): never {
    return this.store()
  }

  arm(): never {
    return this.store()
  }

  park(): ParkResult {
    return this.store()
  }

  parkAsync(): Ticket {
    return this.store()
  }

  unpark(): never {
    return this.store()
  }
}
