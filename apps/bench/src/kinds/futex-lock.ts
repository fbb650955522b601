const FREE = 0
const HELD = 1
const CONTENDED = 2

/**
 * The lock of js-lock-and-condition and its kin: the mutex of three states of Ulrich Drepper's "Futexes
 * Are Tricky", over `Atomics.wait`, between threads. A thread that dies holding it holds it forever.
 */
export class FutexLock {
  readonly #words: Int32Array
  readonly #index: number

  constructor(words: Int32Array, index: number) {
    this.#words = words
    this.#index = index
  }

  lock(): void {
    const words = this.#words
    const index = this.#index
    let state = Atomics.compareExchange(words, index, FREE, HELD)
    if (state === FREE) return
    do {
      if (state === CONTENDED || Atomics.compareExchange(words, index, HELD, CONTENDED) !== FREE) {
        Atomics.wait(words, index, CONTENDED)
      }
      state = Atomics.compareExchange(words, index, FREE, CONTENDED)
    } while (state !== FREE)
  }

  unlock(): void {
    if (Atomics.sub(this.#words, this.#index, 1) === HELD) return
    Atomics.store(this.#words, this.#index, FREE)
    Atomics.notify(this.#words, this.#index, 1)
  }
}
