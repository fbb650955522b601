/**
 * A sequence lock: writers count up before and after they write, and a reader that has seen the count change
 * reads again; and the same lock with a reader that checks the count only once.
 */
const SEQUENCE = 0 // odd while somebody writes
const X = 1
const Y = 2

export class SeqLock {
  /** @param {Int32Array} words a counter, and two values that belong together */
  constructor(words) {
    this.words = words
  }

  /** @param {number} x @param {number} y */
  write(x, y) {
    const { words } = this
    for (;;) {
      const before = Atomics.load(words, SEQUENCE)
      const isFree = before % 2 === 0
      if (isFree && Atomics.compareExchange(words, SEQUENCE, before, before + 1) === before) break
    }
    words[X] = x
    words[Y] = y
    Atomics.add(words, SEQUENCE, 1)
  }

  /** @returns {[number, number]} */
  read() {
    const { words } = this
    for (;;) {
      const before = Atomics.load(words, SEQUENCE)
      if (before % 2 === 1) continue
      /** @type {[number, number]} */
      const pair = [words[X] ?? NaN, words[Y] ?? NaN]
      if (this.isStill(before)) return pair
    }
  }

  /** @param {number} before */
  isStill(before) {
    return Atomics.load(this.words, SEQUENCE) === before
  }
}

/** It only asks whether somebody was writing when it began to read. */
export class TrustingSeqLock extends SeqLock {
  isStill() {
    return true
  }
}
