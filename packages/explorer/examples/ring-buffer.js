/**
 * A ring buffer for one producer and one consumer, in which each of them sleeps while it can do nothing; and
 * the same buffer with a producer that announces an item before it is there.
 */
const HEAD = 0 // how many items were taken
const TAIL = 1 // how many items were put
const FIRST = 2

export class RingBuffer {
  /** @param {Int32Array} words two counters, and a word for each item */
  constructor(words) {
    this.words = words
    this.size = words.length - FIRST
  }

  /** @param {number} item */
  put(item) {
    const { words, size } = this
    const tail = Atomics.load(words, TAIL)
    for (;;) {
      const head = Atomics.load(words, HEAD)
      if (tail - head < size) break
      Atomics.wait(words, HEAD, head)
    }
    this.publish(tail, item)
  }

  /** @param {number} tail @param {number} item */
  publish(tail, item) {
    this.words[FIRST + (tail % this.size)] = item
    Atomics.store(this.words, TAIL, tail + 1)
    Atomics.notify(this.words, TAIL, 1)
  }

  /** @returns {number} */
  take() {
    const { words, size } = this
    const head = Atomics.load(words, HEAD)
    while (Atomics.load(words, TAIL) === head) Atomics.wait(words, TAIL, head)
    const item = words[FIRST + (head % size)]
    Atomics.store(words, HEAD, head + 1)
    Atomics.notify(words, HEAD, 1)
    return item ?? NaN
  }
}

/** It counts the item, and puts it where it belongs afterwards. */
export class HastyRingBuffer extends RingBuffer {
  /** @param {number} tail @param {number} item */
  publish(tail, item) {
    Atomics.store(this.words, TAIL, tail + 1)
    this.words[FIRST + (tail % this.size)] = item
    Atomics.notify(this.words, TAIL, 1)
  }
}
