/**
 * Condition: wait, while giving up a lock, until somebody who holds the lock says that things have
 * changed. `notify` wakes those who wait at that time, oldest first, and never anyone else.
 *
 * The words are NEXT_TICKET; USED, which says how many entries were ever used; then the entries, of two
 * words each. All of them are written under the user's lock, so the holder of the lock sees entries
 * that are whole.
 *
 *   | AGENT | TICKET            | the entry is                                                     |
 *   |-------|-------------------|------------------------------------------------------------------|
 *   | 0     | any               | free                                                             |
 *   | alive | number            | a waiter; sleeps on TICKET                                       |
 *   | alive | number + NOTIFIED | a waiter that was notified; takes the lock back and frees it     |
 *   | dead  | number            | nobody; freed by any agent that sees it under the lock           |
 *   | dead  | number + NOTIFIED | a wake that nobody took; given to the oldest waiter, then freed  |
 *   | GONE  | as dead           | as dead: a waiter whose lock was closed, so it cannot be taken   |
 *   | any   | any + POKED       | as without it; its waiter must check for orphans before it sleeps |
 *
 * AGENT is stored last and cleared first, so an entry is a whole waiter or none, wherever its maker
 * dies. It is stored after USED was raised, so an agent that sees a waiter scans as far as that entry.
 * A waiter sleeps on a word of its own: nobody else can take its wake.
 *
 * When a waiter dies after it was notified, its wake must go to another who waited then. Its death
 * wakes all sleepers; one of them takes the lock and passes the wake on *before* it frees the entry:
 *
 *   T1 frees the entry of a dead, notified waiter | T1 is killed | the wake is lost
 *
 * The other way round, a death between the two gives one wake too many, which a waiter must expect.
 * (T1 holds the lock, so its death makes all check again in any case; this does not depend on it.)
 * A waiter that leaves as GONE is alive, so no death wakes the others: it pokes all of them.
 *
 * The owner of the lock may die when it has changed things and notified nobody. So every waiter that
 * sleeps then takes the lock in its turn and goes on as if notified, in this and all other conditions
 * of the lock: the change that the dead one made may be the one for which only the last of them waits.
 * The guard of the first that takes the lock says so (`abandoned`).
 */
import {
  IpcError,
  type Guard,
  type Handle,
  type Inspection,
  type OpenOptions,
  type TryOptions,
  type TryWaitOptions,
  type UnlinkOptions,
  type WaitOptions,
} from '@ipc/core'
import {
  checkFunction,
  checkOptions,
  checkSignal,
  checkTimeout,
  deadlineAfter,
  integer,
  isThenable,
  Place,
  Primitive,
  unlinkName,
  wrongType,
  type Surroundings,
} from '@ipc/core/author'
import { Lock, RLock } from '@ipc/lock'
import { ENTRIES, Entries, LAYOUT } from './entries.ts'
import { ConditionWait } from './wait.ts'

const { kind: KIND } = LAYOUT

/** The locks with which a condition can be used. */
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

/**
 * ```js
 * const changed = Condition.open('queue', { lock })
 * lock.with((guard) => changed.waitFor(guard, () => items.length > 0))
 * // elsewhere: lock.with(() => { items.push(item); changed.notify() })
 * ```
 */
export class Condition extends Primitive {
  readonly #lock: ConditionLock
  readonly #entries: Entries
  readonly #pending: Set<ConditionWait> = new Set()

  /** Thread scope; shared by its `handle`. */
  constructor(lock: ConditionLock, place: Place = Place.ofItsOwn(LAYOUT)) {
    if (!(lock instanceof Lock) && !(lock instanceof RLock)) {
      throw wrongType('lock', 'a Lock or an RLock', lock)
    }
    super(place)
    this.#lock = lock
    this.#entries = new Entries(place)
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
    return new Condition(
      lockOf(options),
      Place.from(KIND, handle, () => LAYOUT),
    )
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options)
  }

  /**
   * Gives up the lock, blocks the thread until notified, and takes the lock back, as often as the
   * thread held it. It may return for no reason when a waiter or an owner of the lock died: check
   * again, or use `waitFor`.
   * @throws IpcError ERR_IPC_NOT_OWNER when the guard is not a hold of the condition's lock
   */
  wait(guard: Guard): true {
    this.#begin(guard).block(Infinity)
    return true
  }

  /**
   * Waits as `wait` does, for `timeoutMs` at most, and then for the lock as long as it takes; false when
   * the time was not enough.
   */
  tryWait(guard: Guard, options?: TryOptions): boolean {
    checkOptions('tryWait() options', options)
    const timeoutMs = checkTimeout(options?.timeoutMs)
    return this.#begin(guard).block(deadlineAfter(this.memory, timeoutMs))
  }

  /** Waits as `wait` does, without blocking. Aborting rejects with `signal.reason`, with the lock held. */
  async waitAsync(guard: Guard, options?: WaitOptions): Promise<true> {
    checkOptions('waitAsync() options', options)
    const signal = checkSignal(options?.signal)
    this.#checkLockForTasks()
    await this.#waitAsync(guard, Infinity, signal)
    return true
  }

  /** Waits as `tryWait` does, without blocking. */
  async tryWaitAsync(guard: Guard, options?: TryWaitOptions): Promise<boolean> {
    checkOptions('tryWaitAsync() options', options)
    const timeoutMs = checkTimeout(options?.timeoutMs)
    const signal = checkSignal(options?.signal)
    this.#checkLockForTasks()
    return await this.#waitAsync(guard, deadlineAfter(this.memory, timeoutMs), signal)
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
      if (isThenable(result)) {
        throw wrongType(
          'what a predicate gives to waitFor()',
          'no promise (use waitForAsync)',
          result,
        )
      }
      if (result || this.memory.now() >= deadline) return result
      this.#begin(guard).block(deadline)
    }
  }

  /** Waits as `waitFor` does, without blocking; the predicate may be asynchronous. */
  async waitForAsync<R>(
    guard: Guard,
    predicate: () => R | PromiseLike<R>,
    options?: WaitForOptions,
  ): Promise<R> {
    const deadline = this.#deadline('waitForAsync', predicate, options)
    const signal = checkSignal(options?.signal)
    this.#checkLockForTasks()
    signal?.throwIfAborted()
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
    this.#entries.bury()
    this.#entries.notifyOldest(count)
  }

  /** Wakes all who wait now. */
  notifyAll(): void {
    this.notify(ENTRIES)
  }

  inspect(): ConditionInspection {
    this.checkOpen()
    return { ...this.inspection, waiting: this.#entries.waiting }
  }

  /* ---- waiting --------------------------------------------------------------------------------- */

  #begin(guard: Guard): ConditionWait {
    this.#checkGuard(guard)
    return new ConditionWait(this.memory, this.#entries, this.#lock, guard, this.description)
  }

  async #waitAsync(
    guard: Guard,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    signal?.throwIfAborted()
    const wait = this.#begin(guard)
    this.#pending.add(wait)
    try {
      return await wait.await(deadline, signal)
    } finally {
      this.#pending.delete(wait)
    }
  }

  /** @throws IpcError ERR_IPC_UNSUPPORTED: an RLock belongs to the thread, and all its tasks */
  #checkLockForTasks(): void {
    if (this.#lock instanceof Lock) return
    const why = 'an RLock belongs to the thread, and all its tasks: use a Lock'
    throw new IpcError('ERR_IPC_UNSUPPORTED', `wait asynchronously for ${this.description}: ${why}`)
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
    checkFunction('predicate', predicate)
    const given = options?.timeoutMs
    return given === undefined ? Infinity : deadlineAfter(this.memory, checkTimeout(given))
  }

  protected finish(): void {
    for (const wait of this.#pending) wait.close(this.closedError())
  }
}

function lockOf(options: unknown): ConditionLock {
  checkOptions('condition options', options)
  return (options as Partial<ConditionOptions> | undefined)?.lock as ConditionLock // checked there
}
