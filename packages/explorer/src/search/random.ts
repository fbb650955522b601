/** A small generator of random numbers with a seed (xorshift32). */
export class Random {
  #state: number

  constructor(seed: number) {
    // Small seeds would begin alike.
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) | 0 || 1
    for (let i = 0; i < 4; i++) this.next()
  }

  /** 32 random bits. */
  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (this.#state = x)
  }

  /** Answers with a number from 0 to n - 1. */
  below(n: number): number {
    return (((this.next() >>> 1) * n) / 0x80000000) | 0
  }
}
