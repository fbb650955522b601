/**
 * Event: a flag that threads wait for. `set` releases everyone who waits just then, even if `clear`
 * follows at once; a thread that comes later waits for the next `set`.
 *
 * One WORD has the bits WAITERS and SET, and below them how often it was set, modulo 2³⁰.
 *
 *   | state               | who sleeps on it | who leaves the state                             |
 *   |---------------------|------------------|--------------------------------------------------|
 *   | (n)                 | nobody           | set → SET (n + 1); a waiter sets WAITERS         |
 *   | (n) + WAITERS       | anyone           | set → SET (n + 1), clears WAITERS, wakes all     |
 *   | SET (n)             | those just woken | clear → (n)                                      |
 *
 * A waiter remembers n from when it came. It is released when it sees SET or another n, so it
 * cannot miss a pulse:
 *
 *   T1 waits at n | T2 set: n + 1, wakes T1 | T2 clear | T1 runs: not SET, but n has changed
 *
 * WAITERS is fatal if not set while somebody sleeps. All are woken at once, so nobody has a wake to
 * pass on. No operation waits for another, even if an agent died in the middle of one.
 */
import {
  type Handle,
  type Inspection,
  type OpenOptions,
  type TryOptions,
  type TryWaitOptions,
  type UnlinkOptions,
  type WaitOptions,
} from '@ipc/core'
import {
  ALL,
  AsyncQueue,
  block,
  checkOptions,
  checkSignal,
  checkTimeout,
  deadlineAfter,
  localState,
  Place,
  Primitive,
  unlinkName,
  type Layout,
  type Sleep,
  type Surroundings,
  type Waiting,
} from '@ipc/core/author'

const KIND = 'event'

const WAITERS = 0x80000000 | 0
const SET = 0x40000000
const TIMES = 0x3fffffff
const NEVER = -1

const WORDS = 1

export interface EventInspection extends Inspection {
  readonly isSet: boolean
  /** Whether somebody sleeps on it; may be true a little longer than somebody does. */
  readonly waiting: boolean
}

/**
 * ```js
 * const ready = Event.open('cache-ready')
 * await ready.waitAsync() // elsewhere: ready.set()
 * ```
 */
export class Event extends Primitive {
  readonly #queue: AsyncQueue<true>

  /** Thread scope; shared by its `handle`. */
  constructor(place: Place = Place.ofItsOwn(LAYOUT)) {
    super(place)
    const { memory, index } = place
    this.#queue = localState(
      memory,
      index,
      'calls for an event',
      () => new AsyncQueue<true>(memory),
    )
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(): Event {
    return new Event(Place.create(LAYOUT))
  }

  /** Process scope, by name; made, not set, if it is absent. */
  static open(name: string, options?: OpenOptions): Event {
    return new Event(Place.open(name, LAYOUT, true, options))
  }

  /** Inside a memory of yours, at `index` (in words); all-zero words are an event that is not set. */
  static at(memory: Surroundings, index: number): Event {
    return new Event(Place.at(memory, index, LAYOUT))
  }

  /** How many words `at` needs. */
  static words(): number {
    return WORDS
  }

  static from(handle: Handle): Event {
    return new Event(Place.from(KIND, handle, () => LAYOUT))
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options)
  }

  get isSet(): boolean {
    this.checkOpen()
    return isSet(this.memory.load(this.index))
  }

  /** Releases everyone who waits now, and all who come until `clear`. Never blocks. */
  set(): void {
    this.checkOpen()
    for (;;) {
      const word = this.memory.load(this.index)
      if (isSet(word)) return
      const next = SET | ((word + 1) & TIMES)
      if (this.memory.compareExchange(this.index, word, next) !== word) continue
      if ((word & WAITERS) !== 0) this.memory.unpark(this.index, ALL)
      this.#queue.serve()
      return
    }
  }

  /** From now on `wait` waits. Never blocks. */
  clear(): void {
    this.checkOpen()
    this.memory.and(this.index, ~SET)
  }

  /**
   * Blocks the thread until the event is set. On the main thread that blocks the event loop:
   * prefer `waitAsync` there.
   */
  wait(): true {
    this.checkOpen()
    return this.isSet || this.#block(Infinity)!
  }

  /** Waits for `timeoutMs` at most, blocking the thread; false when that was not enough. */
  tryWait(options?: TryOptions): boolean {
    this.checkOpen()
    checkOptions('tryWait() options', options)
    const timeoutMs = checkTimeout(options?.timeoutMs)
    if (this.isSet || timeoutMs === 0) return this.isSet
    return this.#block(deadlineAfter(this.memory, timeoutMs)) ?? false
  }

  /** Resolves with true when the event is set. */
  async waitAsync(options?: WaitOptions): Promise<true> {
    checkOptions('waitAsync() options', options)
    return (await this.#wait(options?.signal, Infinity)) as true
  }

  /** Resolves with true when the event is set, or with false after `timeoutMs`. */
  async tryWaitAsync(options?: TryWaitOptions): Promise<boolean> {
    checkOptions('tryWaitAsync() options', options)
    return await this.#wait(options?.signal, checkTimeout(options?.timeoutMs))
  }

  inspect(): EventInspection {
    this.checkOpen()
    const word = this.memory.load(this.index)
    return { ...this.inspection, isSet: isSet(word), waiting: (word & WAITERS) !== 0 }
  }

  async #wait(signal: unknown, timeoutMs: number): Promise<boolean> {
    const checked = checkSignal(signal)
    checked?.throwIfAborted()
    if (this.isSet || timeoutMs === 0) return this.isSet
    const deadline = deadlineAfter(this.memory, timeoutMs)
    return (await this.#queue.wait(this.#waiting(), deadline, checked)) ?? false
  }

  #block(deadline: number): true | undefined {
    return block(this.memory, this.#waiting(), deadline, () => this.description)
  }

  #waiting(): Waiting<true> {
    const word = this.memory.load(this.index)
    const since = isSet(word) ? NEVER : timesOf(word) // set since the caller looked: no wait
    return {
      owner: this,
      attempt: (sleep) => this.#attempt(sleep, since),
      leave: () => {},
      what: this.description,
    }
  }

  #attempt(sleep: Sleep, since: number): true | undefined {
    for (;;) {
      const word = this.memory.load(this.index)
      if (isSet(word) || timesOf(word) !== since) return true
      const announced = word | WAITERS
      if (word === announced || this.memory.compareExchange(this.index, word, announced) === word) {
        sleep.on(this.index, announced)
        return undefined
      }
    }
  }

  protected finish(): void {
    this.#queue.fail(this.closedError(), this)
  }
}

function isSet(word: number): boolean {
  return (word & SET) !== 0
}

function timesOf(word: number): number {
  return word & TIMES
}

const LAYOUT: Layout = { kind: KIND, words: WORDS, options: [0, 0, 0, 0] }
