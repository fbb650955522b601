/**
 * A reader-writer lock in which waiting writers keep new readers out, after the design in chapter 9 of Bos,
 * "Rust Atomics and Locks"; and the same lock with half a condition left out. The sound form lacked that
 * half, too, until the explorer showed why it is needed.
 */
const STATE = 0 // twice the readers, and one more if a writer waits; or WRITING
const WAKES = 1 // changes whenever a writer may go on

const WRITING = 0x7fffffff

export class RWLock {
  /** @param {Int32Array} words two words, zero at first */
  constructor(words) {
    this.words = words
  }

  readLock() {
    for (;;) {
      const state = Atomics.load(this.words, STATE)
      if (state % 2 === 1) Atomics.wait(this.words, STATE, state)
      else if (Atomics.compareExchange(this.words, STATE, state, state + 2) === state) return
    }
  }

  readUnlock() {
    if (Atomics.sub(this.words, STATE, 2) === 3) this.wakeWriter()
  }

  writeLock() {
    for (;;) {
      const state = Atomics.load(this.words, STATE)
      if (state <= 1) {
        if (Atomics.compareExchange(this.words, STATE, state, WRITING) === state) return
      } else if (state % 2 === 0) {
        Atomics.compareExchange(this.words, STATE, state, state + 1)
      } else {
        this.sleepAsWriter()
      }
    }
  }

  writeUnlock() {
    Atomics.store(this.words, STATE, 0)
    this.wakeWriter()
    Atomics.notify(this.words, STATE)
  }

  /** It reads the count first: a thread that lets go after this one has read the state changes the count. */
  sleepAsWriter() {
    const wakes = Atomics.load(this.words, WAKES)
    if (this.isToldOf(Atomics.load(this.words, STATE))) Atomics.wait(this.words, WAKES, wakes)
  }

  /**
   * Only an odd state says that a writer waits. It can be even again: the lock was free in between, and
   * a reader took it.
   *
   * @param {number} state
   */
  isToldOf(state) {
    return state % 2 === 1 && state > 1
  }

  wakeWriter() {
    Atomics.add(this.words, WAKES, 1)
    Atomics.notify(this.words, WAKES, 1)
  }
}

/** It sleeps as long as anybody has the lock, also a reader that does not know of it, and wakes nobody. */
export class HastyRWLock extends RWLock {
  /** @param {number} state */
  isToldOf(state) {
    return state > 1
  }
}
