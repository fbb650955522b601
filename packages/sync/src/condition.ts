/**
 * Condition: wait, while giving up a lock, until somebody who holds the lock says that things have
 * changed. `notify` wakes those who wait at that time, oldest first, and never anyone else.
 *
 * NEXT_TICKET, then ENTRIES of two words. All of it is written under the user's lock only, except
 * by the waiters who sleep: so whoever holds the lock sees entries that are whole.
 *
 *   | AGENT | TICKET            | the entry is                                                     |
 *   |-------|-------------------|------------------------------------------------------------------|
 *   | 0     | any               | free                                                             |
 *   | alive | number            | a waiter; sleeps on TICKET                                       |
 *   | alive | number + NOTIFIED | a waiter that was notified; takes the lock back and frees it     |
 *   | dead  | number            | nobody; freed by whoever sees it under the lock                  |
 *   | dead  | number + NOTIFIED | a wake that nobody took; given to the oldest waiter, then freed  |
 *
 * AGENT is stored last and cleared first, so an entry is a whole waiter or none, wherever its maker
 * dies. A waiter sleeps on a word of its own: nobody else can take its wake.
 *
 * When a waiter dies after it was notified, its wake must go to another who waited then. Its death
 * wakes all sleepers; one of them takes the lock and passes the wake on *before* it frees the entry:
 *
 *   T1 frees the entry of a dead, notified waiter | T1 is killed | the wake is lost
 *
 * The other way round, a death between the two gives one wake too many, which a waiter must expect.
 */
import {
  AsyncQueue,
  block,
  checkOptions,
  checkSignal,
  checkTimeout,
  deadlineAfter,
  IpcError,
  integer,
  NOBODY,
  Place,
  Primitive,
  unlinkName,
  wrongType,
  type Guard,
  type Handle,
  type Inspection,
  type Layout,
  type OpenOptions,
  type Surroundings,
  type TryOptions,
  type TryWaitOptions,
  type UnlinkOptions,
  type Waiting,
  type WaitOptions,
} from '@ipc/core'
import { Lock, RLock, type Suspendable, type Suspended } from '@ipc/lock'

const KIND = 'condition'

const NOTIFIED = 0x80000000 | 0
const NUMBER = 0x7fffffff

const NEXT_TICKET = 0
const FIRST_ENTRY = 1
const TICKET = 0
const AGENT = 1
const ENTRY_WORDS = 2

/** So many may wait at a time. */
const ENTRIES = 500

/** What a condition is used with: `Lock` or `RLock`. */
export type ConditionLock = Lock | RLock

export interface ConditionOptions {
  /** The lock that protects what is waited for; the same for all who use the condition. */
  readonly lock: ConditionLock
}

/** Options of `waitFor`. */
export interface WaitForOptions extends WaitOptions {
  /** In milliseconds. Default: as long as it takes. 0 and below: the predicate is asked once. */
  readonly timeoutMs?: number | undefined
}

export interface ConditionInspection extends Inspection {
  /** How many wait and were not notified. */
  readonly waiting: number
}

/** How a sleep ended: notified, or there is a wake that a dead waiter did not take. */
type Ending = 'notified' | 'orphan'

/**
 * ```js
 * const changed = Condition.open('queue', { lock })
 * lock.with((guard) => changed.waitFor(guard, () => items.length > 0))
 * // elsewhere: lock.with(() => { items.push(item); changed.notify() })
 * ```
 */
export class Condition extends Primitive {
  readonly #lock: ConditionLock
  readonly #me: number
  readonly #pending: Set<AsyncQueue<Ending>> = new Set()

  /** Thread scope; shared by its `handle`. */
  constructor(lock: ConditionLock, place: Place = Place.ofItsOwn(LAYOUT)) {
    if (!(lock instanceof Lock) && !(lock instanceof RLock)) {
      throw wrongType('lock', 'a Lock or an RLock', lock)
    }
    super(place)
    this.#lock = lock
    this.#me = this.memory.self
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(options: ConditionOptions): Condition {
    return new Condition(lockOf(options), Place.create(LAYOUT))
  }

  /** Process scope, by name; made if it is absent. */
  static open(name: string, options: ConditionOptions & OpenOptions): Condition {
    const lock = lockOf(options)
    return new Condition(lock, Place.open(name, LAYOUT, true, { create: options.create }))
  }

  /** Inside a memory of yours, at `index` (in words); all-zero words are a condition. */
  static at(memory: Surroundings, index: number, options: ConditionOptions): Condition {
    return new Condition(lockOf(options), Place.at(memory, index, LAYOUT))
  }

  /** How many words `at` needs. */
  static words(): number {
    return LAYOUT.words
  }

  static from(handle: Handle, options: ConditionOptions): Condition {
    return new Condition(lockOf(options), Place.from(KIND, handle))
  }

  /** Removes the name; returns whether there was one. Refused while it is in use, unless forced. */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options)
  }

  /**
   * Gives up the lock, blocks the thread until notified, and takes the lock back, as often as the
   * thread had it. May return for no reason, if a notified waiter died: look again, or use `waitFor`.
   * @throws IpcError ERR_IPC_NOT_OWNER when the guard is not a hold of the condition's lock
   */
  wait(guard: Guard): true {
    this.#wait(guard, Infinity)
    return true
  }

  /** The same for `timeoutMs` at most, and for the lock; false when that was not enough. */
  tryWait(guard: Guard, options?: TryOptions): boolean {
    checkOptions('tryWait() options', options)
    const timeoutMs = checkTimeout(options?.timeoutMs)
    return this.#wait(guard, deadlineAfter(this.memory, timeoutMs))
  }

  /** As `wait`, without blocking. Aborting rejects with `signal.reason`, with the lock held. */
  async waitAsync(guard: Guard, options?: WaitOptions): Promise<true> {
    checkOptions('waitAsync() options', options)
    await this.#waitAsync(guard, Infinity, options?.signal)
    return true
  }

  /** As `tryWait`, without blocking. */
  async tryWaitAsync(guard: Guard, options?: TryWaitOptions): Promise<boolean> {
    checkOptions('tryWaitAsync() options', options)
    const timeoutMs = checkTimeout(options?.timeoutMs)
    return await this.#waitAsync(guard, deadlineAfter(this.memory, timeoutMs), options?.signal)
  }

  /**
   * Waits until `predicate` gives something true, blocking the thread.
   * @returns what it gave; after a time-out, what it gives then
   */
  waitFor<R>(guard: Guard, predicate: () => R, options?: { readonly timeoutMs?: number }): R {
    const deadline = this.#deadline('waitFor', predicate, options)
    this.#checkGuard(guard)
    for (;;) {
      const result = predicate()
      if (result || this.memory.now() >= deadline) return result
      this.#wait(guard, deadline)
    }
  }

  /** The same without blocking; the predicate may be asynchronous. */
  async waitForAsync<R>(
    guard: Guard,
    predicate: () => R | PromiseLike<R>,
    options?: WaitForOptions,
  ): Promise<R> {
    const deadline = this.#deadline('waitForAsync', predicate, options)
    const signal = checkSignal(options?.signal)
    this.#checkGuard(guard)
    for (;;) {
      const result = await predicate()
      if (result || this.memory.now() >= deadline) return result
      await this.#waitAsync(guard, deadline, signal)
    }
  }

  /**
   * Wakes `count` of those who wait now, oldest first, or all if they are fewer. Waits for nobody.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread does not hold the lock
   */
  notify(count = 1): void {
    integer('count', count, 1, Number.MAX_SAFE_INTEGER)
    this.checkOpen()
    if (!this.#lock.isHeldHere) {
      throw new IpcError('ERR_IPC_NOT_OWNER', `notify ${this.description}: its lock is not held`)
    }
    this.#bury()
    this.#notifyOldest(count)
  }

  /** Wakes all who wait now. */
  notifyAll(): void {
    this.notify(ENTRIES)
  }

  inspect(): ConditionInspection {
    this.checkOpen()
    const { scope, name } = this
    return { kind: KIND, name, scope, waiting: this.#oldestFirst().length }
  }

  /* ---- waiting --------------------------------------------------------------------------------- */

  #wait(guard: Guard, deadline: number): boolean {
    this.#checkGuard(guard)
    const entry = this.#enter()
    const waiting = this.#waiting(entry)
    for (;;) {
      const suspended = this.#lock.suspend(guard)
      const failures: unknown[] = []
      let ending: Ending | undefined
      try {
        ending = block(this.memory, waiting, deadline, () => this.description)
      } catch (error) {
        failures.push(error)
      }
      takeBack(suspended, failures)
      if (failures.length === 0 && ending === 'orphan' && !this.#isNotified(entry)) {
        this.#bury()
        continue
      }
      return this.#exit(entry, failures)
    }
  }

  async #waitAsync(guard: Guard, deadline: number, given: unknown): Promise<boolean> {
    const signal = checkSignal(given)
    signal?.throwIfAborted()
    if (this.#lock instanceof RLock) {
      const why = 'an RLock belongs to the thread, and all its tasks: use a Lock'
      throw new IpcError(
        'ERR_IPC_UNSUPPORTED',
        `wait asynchronously for ${this.description}: ${why}`,
      )
    }
    this.#checkGuard(guard)
    const entry = this.#enter()
    const waiting = this.#waiting(entry)
    const queue = new AsyncQueue<Ending>(this.memory)
    this.#pending.add(queue)
    try {
      for (;;) {
        const suspended = this.#lock.suspend(guard)
        const failures: unknown[] = []
        let ending: Ending | null = null
        try {
          ending = await queue.wait(waiting, deadline, signal)
        } catch (error) {
          failures.push(error)
        }
        await suspended.resumeAsync()
        if (failures.length === 0 && ending === 'orphan' && !this.#isNotified(entry)) {
          this.#bury()
          continue
        }
        return this.#exit(entry, failures)
      }
    } finally {
      this.#pending.delete(queue)
    }
  }

  #waiting(entry: number): Waiting<Ending> {
    return {
      owner: this,
      attempt: (sleep) => {
        const ticket = this.memory.load(entry + TICKET)
        if ((ticket & NOTIFIED) !== 0) return 'notified'
        if (this.#hasOrphan()) return 'orphan'
        sleep.on(entry + TICKET, ticket)
        return undefined
      },
      leave: () => {},
    }
  }

  #isNotified(entry: number): boolean {
    return (this.memory.load(entry + TICKET) & NOTIFIED) !== 0
  }

  /* ---- entries; all under the lock, but for #hasOrphan ------------------------------------------ */

  #entry(number: number): number {
    return this.index + FIRST_ENTRY + number * ENTRY_WORDS
  }

  #enter(): number {
    this.#bury()
    for (let number = 0; number < ENTRIES; number++) {
      const entry = this.#entry(number)
      if (this.memory.load(entry + AGENT) !== NOBODY) continue
      const ticket = this.memory.load(this.index + NEXT_TICKET)
      this.memory.store(this.index + NEXT_TICKET, (ticket + 1) & NUMBER)
      this.memory.store(entry + TICKET, ticket)
      this.memory.store(entry + AGENT, this.#me)
      return entry
    }
    const full = `wait for ${this.description}: ${ENTRIES} wait already`
    throw new IpcError('ERR_IPC_FULL', full)
  }

  /** Returns whether it was notified; a wake that a failed waiter cannot use is passed on. */
  #exit(entry: number, failures: readonly unknown[]): boolean {
    const notified = this.#isNotified(entry)
    if (failures.length > 0 && notified) this.#notifyOldest(1)
    this.memory.store(entry + AGENT, NOBODY)
    if (failures.length > 0) throw failures[0]
    return notified
  }

  /** Frees the entries of the dead, and passes on the wakes that they did not take. */
  #bury(): void {
    for (let number = 0; number < ENTRIES; number++) {
      const entry = this.#entry(number)
      if (!this.#isDead(entry)) continue
      if (this.#isNotified(entry)) this.#notifyOldest(1)
      this.memory.store(entry + AGENT, NOBODY)
    }
  }

  #isDead(entry: number): boolean {
    const agent = this.memory.load(entry + AGENT)
    return agent !== NOBODY && this.memory.isDead(agent)
  }

  /** Whether somebody died after it was notified: then its wake is to be passed on, under the lock. */
  #hasOrphan(): boolean {
    for (let number = 0; number < ENTRIES; number++) {
      const entry = this.#entry(number)
      if (this.#isDead(entry) && this.#isNotified(entry)) return true
    }
    return false
  }

  #notifyOldest(count: number): void {
    for (const entry of this.#oldestFirst().slice(0, count)) {
      this.memory.or(entry + TICKET, NOTIFIED)
      this.memory.unpark(entry + TICKET, 1)
    }
  }

  /** The entries of those who live and were not notified. */
  #oldestFirst(): number[] {
    const next = this.memory.load(this.index + NEXT_TICKET)
    const waiters: { entry: number; age: number }[] = []
    for (let number = 0; number < ENTRIES; number++) {
      const entry = this.#entry(number)
      const agent = this.memory.load(entry + AGENT)
      if (agent === NOBODY || this.#isNotified(entry) || this.memory.isDead(agent)) continue
      waiters.push({ entry, age: (next - this.memory.load(entry + TICKET)) & NUMBER })
    }
    return waiters.toSorted((a, b) => b.age - a.age).map(({ entry }) => entry)
  }

  /* ---- the rest --------------------------------------------------------------------------------- */

  #checkGuard(guard: Guard): void {
    this.checkOpen()
    if (this.#lock.isHeldBy(guard)) return
    const why = 'wait with a guard of its lock that is held'
    throw new IpcError('ERR_IPC_NOT_OWNER', `wait for ${this.description}: ${why}`)
  }

  #deadline(
    call: string,
    predicate: unknown,
    options: { timeoutMs?: unknown } | undefined,
  ): number {
    checkOptions(`${call}() options`, options)
    if (typeof predicate !== 'function') throw wrongType('predicate', 'a function', predicate)
    const given = options?.timeoutMs
    return given === undefined ? Infinity : deadlineAfter(this.memory, checkTimeout(given))
  }

  protected finish(): void {
    for (const queue of this.#pending) queue.fail(this.closedError())
  }
}

/** Also when signal handlers throw meanwhile: what they throw comes out when the lock is held. */
function takeBack(suspended: Suspended, failures: unknown[]): void {
  for (;;) {
    try {
      return suspended.resume()
    } catch (error) {
      const code = error instanceof IpcError ? error.code : ''
      if (code === 'ERR_IPC_CLOSED' || code === 'ERR_IPC_UNLINKED') throw error
      failures.push(error)
    }
  }
}

function lockOf(options: unknown): ConditionLock {
  checkOptions('condition options', options)
  return (options as Partial<ConditionOptions> | undefined)?.lock as ConditionLock // checked there
}

const LAYOUT: Layout = {
  kind: KIND,
  words: FIRST_ENTRY + ENTRIES * ENTRY_WORDS,
  options: [0, 0, 0, 0],
}
