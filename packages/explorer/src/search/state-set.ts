const EMPTY = 0

/** A set of integer vectors of one length, each with a small number. Exact: no two are confused. */
export class StateSet {
  size = 0
  readonly #length: number
  #vectors: Int32Array
  #numbers: Int8Array
  /** A hash table with open addressing: it holds the number of a vector, from 1. */
  #slots: Int32Array

  constructor(length: number) {
    this.#length = length
    this.#vectors = new Int32Array(length * 1024)
    this.#numbers = new Int8Array(1024)
    this.#slots = new Int32Array(4096)
  }

  /**
   * Answers whether the vector, together with `extra`, is new, or was there with a lower number only; then it
   * remembers the vector with this number.
   */
  raise(vector: Int32Array, extra: number, number: number): boolean {
    const last = this.#length - 1
    let hash = Math.imul(extra + 1, 0x9e3779b1)
    for (let i = 0; i < last; i++) {
      hash = Math.imul(hash ^ vector[i]!, 0x85ebca6b)
      hash ^= hash >>> 15
    }
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 13)) & mask
    for (; this.#slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]! - 1
      if (!this.#equals(found, vector, extra)) continue
      if (this.#numbers[found]! >= number) return false
      this.#numbers[found] = number
      return true
    }
    this.#slots[slot] = this.size + 1
    this.#append(vector, extra, number)
    if (this.size * 2 > this.#slots.length) this.#rehash()
    return true
  }

  #equals(at: number, vector: Int32Array, extra: number): boolean {
    const start = at * this.#length
    const last = this.#length - 1
    for (let i = 0; i < last; i++) if (this.#vectors[start + i] !== vector[i]) return false
    return this.#vectors[start + last] === extra
  }

  #append(vector: Int32Array, extra: number, number: number): void {
    if (this.size === this.#numbers.length) {
      const vectors = new Int32Array(this.#vectors.length * 2)
      vectors.set(this.#vectors)
      this.#vectors = vectors
      const numbers = new Int8Array(this.#numbers.length * 2)
      numbers.set(this.#numbers)
      this.#numbers = numbers
    }
    this.#vectors.set(vector, this.size * this.#length)
    this.#vectors[this.size * this.#length + this.#length - 1] = extra
    this.#numbers[this.size] = number
    this.size++
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    const last = this.#length - 1
    for (let at = 0; at < this.size; at++) {
      const start = at * this.#length
      let hash = Math.imul(this.#vectors[start + last]! + 1, 0x9e3779b1)
      for (let i = 0; i < last; i++) {
        hash = Math.imul(hash ^ this.#vectors[start + i]!, 0x85ebca6b)
        hash ^= hash >>> 15
      }
      let slot = (hash ^ (hash >>> 13)) & mask
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask
      slots[slot] = at + 1
    }
    this.#slots = slots
  }
}
