type Wake = (result: string) => void

/**
 * A `Memory` that sleeps and wakes as the test says, which plays all other agents. It has no slow look: a
 * real sleeper would wake by it after a lost wake, and hide the loss. Tests cast it to `Memory`.
 */
export class FakeMemory {
  readonly words: Int32Array
  readonly self: number
  /** The sleepers, in the order in which they fell asleep. */
  readonly tickets: Wake[] = []
  /** For each wake that was sent, how many sleepers it could wake. */
  readonly wakes: number[] = []
  /** How many sleepers a wake finds, besides the tickets. */
  asleep = 0
  /** This and `beforeUnpark` do what others do just before a word is read, or a wake is sent. */
  beforeLoad: (index: number) => void = () => {}
  beforeUnpark: () => void = () => {}

  constructor(words: number, self: number = 7 << 18) {
    this.words = new Int32Array(words)
    this.self = self
  }

  load(index: number): number {
    this.beforeLoad(index)
    return this.words[index] ?? 0
  }

  compareExchange(index: number, expected: number, value: number): number {
    const old = this.words[index] ?? 0
    if (old === expected) this.words[index] = value
    return old
  }

  and(index: number, value: number): number {
    const old = this.words[index] ?? 0
    this.words[index] = old & value
    return old
  }

  isDead(_agent: number): boolean {
    return false
  }

  arm(): number {
    return 0
  }

  now(): number {
    return performance.now()
  }

  unpark(_index: number, count: number): number {
    this.beforeUnpark()
    this.wakes.push(count)
    return Math.min(this.asleep, count)
  }

  parkAsync(
    _index: number,
    _expected: number,
    _watch: number,
    wake: Wake,
  ): { cancel: () => boolean } {
    this.tickets.push(wake)
    return {
      cancel: () => {
        const at = this.tickets.indexOf(wake)
        if (at >= 0) this.tickets.splice(at, 1)
        return at >= 0
      },
    }
  }

  /** Wakes the sleeper that fell asleep first. */
  wake(): void {
    this.tickets.shift()!('woken')
  }
}
