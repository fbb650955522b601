/**
 * The mutex of three states that most locks over futexes go back to (Drepper, "Futexes Are Tricky",
 * 2004), as anybody would write it for `Atomics`; and the same with one constant wrong.
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
    if (Atomics.compareExchange(this.words, 0, FREE, HELD) === FREE) return
    // Whoever had to wait takes it as CONTENDED: others may sleep still, and it cannot know.
    while (Atomics.exchange(this.words, 0, CONTENDED) !== FREE) {
      Atomics.wait(this.words, 0, CONTENDED)
    }
  }

  unlock() {
    if (Atomics.exchange(this.words, 0, FREE) === CONTENDED) Atomics.notify(this.words, 0, 1)
  }
}

/** The one who was woken takes the mutex as HELD, and forgets those who sleep still. */
export class ForgetfulMutex extends Mutex {
  lock() {
    let state = Atomics.compareExchange(this.words, 0, FREE, HELD)
    while (state !== FREE) {
      if (state === CONTENDED || Atomics.compareExchange(this.words, 0, HELD, CONTENDED) !== FREE) {
        Atomics.wait(this.words, 0, CONTENDED)
      }
      state = Atomics.compareExchange(this.words, 0, FREE, HELD) // CONTENDED is right here
    }
  }
}
