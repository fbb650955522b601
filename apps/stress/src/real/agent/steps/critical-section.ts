import { COUNTER, type Arena } from '../../history/arena.ts'
import type { Work } from '../../program/program.ts'

const SPINS = 200
const NAP_MS = 0.05

/** A word of this thread alone, to sleep on. */
const nowhere = new Int32Array(new SharedArrayBuffer(4))

/**
 * Increments a counter of two words, the second a while after the first. It is not atomic on purpose: two
 * agents that are inside at once leave it torn, or find it torn, or lose an increment.
 */
export class CriticalSection {
  readonly #words: Int32Array
  readonly #at: number
  #value = 0

  constructor(arena: Arena, object: number) {
    this.#words = arena.words
    this.#at = arena.counter(object)
  }

  /** `abandoned` says that the last owner died inside, so the words may differ; they are made equal again. */
  enter(abandoned: boolean): void {
    const { first, second, torn } = this.#read()
    if (abandoned) this.#words[this.#at + COUNTER.second] = first
    else if (first !== second) this.#words[this.#at + COUNTER.torn] = torn + 1
    this.#value = first + 1
    this.#words[this.#at + COUNTER.first] = this.#value
  }

  leave(): void {
    const { first, torn } = this.#read()
    if (first !== this.#value) this.#words[this.#at + COUNTER.torn] = torn + 1
    this.#words[this.#at + COUNTER.second] = this.#value
  }

  /** Does all of it at once, whatever an owner that died inside has left. */
  pass(): void {
    this.enter(true)
    void work('spin', false)
    this.leave()
  }

  #read(): { first: number; second: number; torn: number } {
    const word = (offset: number): number => Atomics.load(this.#words, this.#at + offset)
    return { first: word(COUNTER.first), second: word(COUNTER.second), torn: word(COUNTER.torn) }
  }
}

/** A reader's view of that counter. */
export class Sight {
  readonly #words: Int32Array
  readonly #at: number
  /** Whether it was ever seen half-written. */
  isTorn = false

  constructor(arena: Arena, object: number) {
    this.#words = arena.words
    this.#at = arena.counter(object)
  }

  look(): void {
    if (this.#word(COUNTER.first) !== this.#word(COUNTER.second)) this.isTorn = true
  }

  /**
   * Called when the last writer died inside. No writer is inside meanwhile, and all readers would do the
   * same.
   */
  repair(): void {
    this.#words[this.#at + COUNTER.second] = this.#word(COUNTER.first)
  }

  #word(offset: number): number {
    return Atomics.load(this.#words, this.#at + offset)
  }
}

/**
 * Takes time, so that others come meanwhile; answers with a promise if other tracks of the thread run, too.
 */
export function work(kind: Work, mayAwait: boolean): Promise<void> | undefined {
  if (kind === 'spin') for (let i = 0; i < SPINS; i++) Atomics.load(nowhere, 0)
  else if (kind === 'nap') Atomics.wait(nowhere, 0, 0, NAP_MS)
  else if (kind === 'yield' && mayAwait) return new Promise((resolve) => setImmediate(resolve))
  return undefined
}
