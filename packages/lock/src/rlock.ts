/**
 * RLock: a lock that its owner may take again. The first hold is one of `Lock`, in the same words;
 * one more word, DEPTH, counts the holds. Only the owner writes it, after it has taken the lock and
 * before it gives the lock up, so the next owner overwrites what a dead one left there.
 *
 * There are no asynchronous forms: tasks share a thread, so all of them would be the owner.
 */
import {
  IpcError,
  type Guard,
  type Handle,
  type OpenOptions,
  type TryOptions,
  type UnlinkOptions,
} from '@ipc/core'
import {
  checkFunction,
  checkOptions,
  checkTimeout,
  isThenable,
  localState,
  Place,
  POISON,
  Primitive,
  unlinkName,
  wrongType,
  type Layout,
  type Surroundings,
} from '@ipc/core/author'
import { Lock, type LockInspection } from './lock.ts'
import type { Suspendable, Suspended } from './suspend.ts'

const KIND = 'rlock'

const WORD = 0
const DEPTH = Lock.words()
const LAYOUT: Layout = {
  kind: KIND,
  words: Lock.words() + 1,
  options: [0, 0, 0, 0],
  owners: [WORD, 1],
}

export interface RLockInspection extends LockInspection {
  /** How often its owner holds it. */
  readonly depth: number
}

class RLockGuard implements Guard {
  readonly #lock: RLock
  readonly #holds: Holds
  /** The hold of the lock itself, of which this is one level. */
  readonly #first: Guard

  constructor(lock: RLock, holds: Holds, first: Guard) {
    this.#lock = lock
    this.#holds = holds
    this.#first = first
  }

  get held(): boolean {
    return this.#holds.guards.includes(this)
  }

  get abandoned(): boolean {
    return this.#first.abandoned
  }

  release(): void {
    if (this.held) this.#lock.releaseHold(this)
  }

  [Symbol.dispose](): void {
    this.release()
  }

  belongsTo(lock: RLock): boolean {
    return this.#lock === lock
  }
}

/** The holds that this thread has of one lock, whichever object acquired them. */
interface Holds {
  /** The hold of the lock itself; null when this thread does not hold it. */
  first: Guard | null
  /** One guard per hold, oldest first. */
  readonly guards: RLockGuard[]
}

/**
 * A lock that its owning thread may take again; it is free when every hold was released.
 *
 * ```js
 * const lock = RLock.open('tree')
 * lock.with(() => lock.with(() => { ... }))
 * ```
 */
export class RLock extends Primitive implements Suspendable {
  readonly #lock: Lock
  readonly #holds: Holds

  /** Thread scope; shared by its `handle`. */
  constructor(place: Place = Place.ofItsOwn(LAYOUT)) {
    super(place)
    this.#lock = new Lock(place)
    const { memory, index } = place
    this.#holds = localState(memory, index, 'holds', () => ({ first: null, guards: [] }))
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(): RLock {
    return new RLock(Place.create(LAYOUT))
  }

  /** Process scope, by name; made if it is absent. */
  static open(name: string, options?: OpenOptions): RLock {
    return new RLock(Place.open(name, LAYOUT, true, options))
  }

  /** Inside a memory of yours, at `index` (in words); all-zero words are a free lock. */
  static at(memory: Surroundings, index: number): RLock {
    return new RLock(Place.at(memory, index, LAYOUT))
  }

  /** How many words `at` needs. */
  static words(): number {
    return LAYOUT.words
  }

  static from(handle: Handle): RLock {
    return new RLock(Place.from(KIND, handle, () => LAYOUT))
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options, {
      layoutOf: () => LAYOUT,
      poison: ({ memory }) => memory.exchange(WORD, POISON),
    })
  }

  /** Whether anyone alive holds it. */
  get locked(): boolean {
    this.checkOpen()
    return this.#lock.locked
  }

  /** How often its owner holds it; 0 when it is free. */
  get depth(): number {
    return this.locked ? this.memory.load(this.index + DEPTH) : 0
  }

  /** Acquires it, once more if this thread holds it; blocks the thread as long as it takes. */
  acquire(): Guard {
    this.checkOpen()
    return this.#next(this.#holds.first ?? this.#lock.acquire())
  }

  /**
   * Acquires it as `acquire` does, within `timeoutMs`; null when that was not enough.
   * @throws TypeError, RangeError for a time-out that is no number
   */
  tryAcquire(options?: TryOptions): Guard | null {
    this.checkOpen()
    checkOptions('tryAcquire() options', options)
    checkTimeout(options?.timeoutMs)
    const first = this.#holds.first ?? this.#lock.tryAcquire(options)
    return first === null ? null : this.#next(first)
  }

  /**
   * Releases the newest hold.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread has none
   */
  release(): void {
    this.checkOpen()
    const newest = this.#holds.guards.at(-1)
    if (newest === undefined) return this.#lock.release() // throws, and says who holds it
    this.releaseHold(newest)
  }

  /**
   * Calls `body` while holding it, and releases whatever happens.
   * @returns what `body` returns
   * @throws TypeError when that is a promise: it would outlive the hold
   */
  with<R>(body: (guard: Guard) => R): R {
    checkFunction('what with() calls', body)
    const guard = this.acquire()
    try {
      const result = body(guard)
      if (isThenable(result)) {
        throw wrongType('the result of a function given to with()', 'no promise', result)
      }
      return result
    } finally {
      guard.release()
    }
  }

  get isHeldHere(): boolean {
    this.checkOpen()
    return this.#holds.first !== null
  }

  isHeldBy(guard: Guard): boolean {
    this.checkOpen()
    return this.#holds.guards.includes(guard as RLockGuard)
  }

  suspend(guard: Guard, toBlock: boolean): Suspended {
    this.checkOpen()
    const holds = this.#holds
    const { first } = holds
    if (first === null || !this.isHeldBy(guard)) {
      throw new IpcError('ERR_IPC_NOT_OWNER', `use ${this.description}: this is no guard of a hold`)
    }
    const guards = holds.guards.splice(0)
    holds.first = null
    this.#storeDepth()
    const suspended = this.#lock.suspend(first, toBlock)
    const takeBack = (): void => {
      holds.first = first
      holds.guards.push(...guards)
      this.#storeDepth()
    }
    return {
      hasOwnerDied: () => suspended.hasOwnerDied(),
      resume: (failures) => (suspended.resume(failures), takeBack()),
      resumeAsync: async () => (await suspended.resumeAsync(), takeBack()),
    }
  }

  inspect(): RLockInspection {
    const { depth } = this
    return { ...this.#lock.inspect(), kind: KIND, depth }
  }

  /** @internal */
  releaseHold(guard: RLockGuard): void {
    const { guards, first } = this.#holds
    guards.splice(guards.indexOf(guard), 1)
    this.#storeDepth()
    if (guards.length > 0) return
    this.#holds.first = null
    first!.release()
  }

  protected finish(): void {
    if (this.#holds.guards.some((guard) => guard.belongsTo(this))) {
      throw new IpcError('ERR_IPC_IN_USE', `close ${this.description}: this thread holds it`)
    }
  }

  /** Makes one more hold, or the first. */
  #next(first: Guard): Guard {
    const guard = new RLockGuard(this, this.#holds, first)
    this.#holds.first = first
    this.#holds.guards.push(guard)
    this.#storeDepth()
    return guard
  }

  #storeDepth(): void {
    this.memory.store(this.index + DEPTH, this.#holds.guards.length)
  }
}
