/**
 * Permits that are only a number: anyone may release one, nobody owns one.
 *
 * One WORD has WAITERS in the top bit, and below it how many more permits there are than at first,
 * modulo 2³¹. So all-zero words are a semaphore at its initial value, in one atomic step.
 *
 *   | state       | who sleeps on it | who leaves the state                                   |
 *   |-------------|------------------|--------------------------------------------------------|
 *   | 0           | nobody           | release → n; a waiter sets WAITERS                     |
 *   | 0 + WAITERS | anyone           | release(n) → n, clears WAITERS, wakes n                |
 *   | n           | those just woken | take → n - 1; release                                  |
 *   | n + WAITERS | those not woken  | take keeps the bit; release clears it and wakes        |
 *
 * WAITERS is harmless if set without cause, fatal if not set while somebody sleeps at 0. A release
 * clears it for all sleepers but wakes only some, and the next release wakes nobody:
 *
 *   T1 release: 0 + WAITERS → 1, wakes T3 | T2 release: 1 → 2, nobody to wake | T4 sleeps on, at 2
 *
 * so a taker that has slept sets it again, and wakes one more while permits remain.
 */
import { type Guard, type IpcError } from '@ipc/core'
import { outOfRange, type AsyncQueue, type Memory, type Sleep } from '@ipc/core/author'
import type { Permits, Taker, Terms } from './permits.ts'

const WAITERS = 0x80000000 | 0
const DIFFERENCE = 0x7fffffff

/** A thread hands a permit to its own calls, past those who sleep, at most this many times in a row. */
const HANDOVERS = 16

class CountedGuard implements Guard {
  readonly abandoned = false
  readonly #permits: CountedPermits
  #held = true

  constructor(permits: CountedPermits) {
    this.#permits = permits
  }

  get held(): boolean {
    return this.#held
  }

  release(): void {
    if (!this.#held) return
    this.#permits.giveBack()
    this.#held = false
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

export class CountedPermits implements Permits {
  /** How many words it needs. */
  static readonly WORDS: number = 1

  readonly owners = null
  readonly #memory: Memory
  readonly #index: number
  readonly #terms: Terms
  readonly #queue: AsyncQueue<Guard>
  #handovers = 0

  constructor(memory: Memory, index: number, terms: Terms, queue: AsyncQueue<Guard>) {
    this.#memory = memory
    this.#index = index
    this.#terms = terms
    this.#queue = queue
  }

  get value(): number {
    return this.#free(this.#memory.load(this.#index))
  }

  get waiting(): boolean {
    return (this.#memory.load(this.#index) & WAITERS) !== 0
  }

  /** n → n - 1 */
  take(): Guard | undefined {
    for (;;) {
      const word = this.#memory.load(this.#index)
      if (this.#free(word) === 0) return undefined
      if (this.#change(word, plus(word, -1))) return new CountedGuard(this)
    }
  }

  takeOnce(): Guard | undefined {
    return this.take()
  }

  attempt(_by: Taker, sleep: Sleep): Guard | undefined {
    for (;;) {
      const word = this.#memory.load(this.#index)
      const free = this.#free(word)
      if (free > 0) {
        const hasSlept = sleep.slept > 0
        if (!this.#change(word, plus(word, -1) | (hasSlept ? WAITERS : 0))) continue
        if (hasSlept && free > 1) this.#memory.unpark(this.#index, 1)
        return new CountedGuard(this)
      }
      if ((word & WAITERS) !== 0 || this.#change(word, word | WAITERS)) {
        sleep.on(this.#index, word | WAITERS)
        return undefined
      }
    }
  }

  leave(): void {
    for (;;) {
      const word = this.#memory.load(this.#index)
      if (this.#free(word) > 0) {
        this.#memory.unpark(this.#index, 1)
        return
      }
      if ((word & WAITERS) !== 0 || this.#change(word, word | WAITERS)) return
    }
  }

  /** @internal Called by a guard. If the file was removed, nobody misses the permit. */
  giveBack(): void {
    try {
      this.release(1)
    } catch (error) {
      if ((error as Partial<IpcError>).code !== 'ERR_IPC_UNLINKED') throw error
    }
  }

  release(count: number): void {
    if (count === 1 && !this.#queue.isEmpty && this.#handovers < HANDOVERS) {
      this.#roomFor(1, this.#memory.load(this.#index))
      if (this.#queue.hand(() => new CountedGuard(this))) {
        this.#handovers++
        return
      }
    }
    this.#handovers = 0
    for (;;) {
      const word = this.#memory.load(this.#index)
      // Throws if the file was removed: one more permit would let takers in by the fast path.
      if ((word & WAITERS) !== 0) this.#memory.arm()
      this.#roomFor(count, word)
      if (!this.#change(word, plus(word, count) & ~WAITERS)) continue
      if ((word & WAITERS) !== 0) this.#memory.unpark(this.#index, count)
      return
    }
  }

  isHeldBy(): boolean {
    return false
  }

  /** A value of 0 that no taker leaves; those who sleep are told by the file. */
  poison(): void {
    this.#memory.exchange(this.#index, plus(0, -this.#terms.initial) | WAITERS)
  }

  #free(word: number): number {
    return (word + this.#terms.initial) & DIFFERENCE
  }

  #roomFor(count: number, word: number): void {
    const free = this.#free(word)
    if (count <= this.#terms.limit - free) return
    const most = `at most ${this.#terms.limit - free} (${this.#terms.description} has ${free} of ${this.#terms.limit} free)`
    throw outOfRange('the count to release', most, count)
  }

  #change(from: number, to: number): boolean {
    return this.#memory.compareExchange(this.#index, from, to) === from
  }
}

/** Adds to the difference; WAITERS stays. */
function plus(word: number, count: number): number {
  return ((word + count) & DIFFERENCE) | (word & WAITERS)
}
