/**
 * The mutex of three states that most locks over futexes go back to (Drepper, "Futexes Are Tricky", 2004), as
 * anybody would write it for `Atomics`; and the same mutex with one constant wrong.
 */
const FREE = 0
const HELD = 1
/** Held, and somebody may sleep. */
const CONTENDED = 2

export class Mutex {
  /** @param {Int32Array} words one word, zero at first */
  constructor(words) {
    this.words = words
  }

  lock() {
    let state = Atomics.compareExchange(this.words, 0, FREE, HELD)
    if (state === HELD) state = Atomics.exchange(this.words, 0, CONTENDED)
    while (state !== FREE) {
      Atomics.wait(this.words, 0, CONTENDED)
      state = Atomics.exchange(this.words, 0, CONTENDED) // others may still sleep: it cannot know
    }
  }

  unlock() {
    if (Atomics.exchange(this.words, 0, FREE) === CONTENDED) Atomics.notify(this.words, 0, 1)
  }
}

/** A thread that was woken takes the mutex as if nobody else slept. */
export class ForgetfulMutex extends Mutex {
  lock() {
    let state = Atomics.compareExchange(this.words, 0, FREE, HELD)
    if (state === HELD) state = Atomics.exchange(this.words, 0, CONTENDED)
    while (state !== FREE) {
      Atomics.wait(this.words, 0, CONTENDED)
      state = Atomics.exchange(this.words, 0, HELD)
    }
  }
}
