/** A word that only this thread has, to sleep on. */
const nowhere = new Int32Array(new SharedArrayBuffer(4))

/**
 * Two plain words that must always be equal, with a pause between writing the one and the other. If two
 * threads are inside at once, they tear or lose increments. The words are not atomic on purpose.
 */
export class TornCounter {
  /** How many bytes it needs. */
  static readonly BYTES: number = 8

  readonly #words: Int32Array
  #increments = 0

  constructor(buffer: ArrayBufferLike, byteOffset = 0) {
    this.#words = new Int32Array(buffer, byteOffset, 2)
  }

  /** @throws Error when somebody else is between the two words */
  increment(): void {
    const before = this.value
    this.#words[0] = before + 1
    this.#pause()
    this.#words[1] = before + 1
  }

  /** @throws Error when the words differ */
  get value(): number {
    const [first, second] = this.#words as unknown as [number, number]
    if (first !== second) throw new Error(`the counter is torn: ${first} and ${second}`)
    return first
  }

  /** Pauses shortly, but now and then for long enough that the system runs somebody else. */
  #pause(): void {
    if (++this.#increments % 256 === 0) Atomics.wait(nowhere, 0, 0, 0.01)
    else for (let i = 0; i < 20; i++) Atomics.load(nowhere, 0)
  }
}
