/**
 * Lock: one owner at a time. It is not fair (an agent that comes just then may take it before those
 * that sleep), but nobody starves. If the owner dies, the next one can take it at once and is told.
 *
 * The WORD:
 *
 *   | state                | who sleeps on it      | who leaves the state                        |
 *   |----------------------|-----------------------|---------------------------------------------|
 *   | FREE                 | those just woken      | anyone takes it                             |
 *   | RESERVED             | all but the reservee  | the agent in RESERVATION takes it           |
 *   | RESERVED + WAITERS   | all but the reservee  | the agent in RESERVATION takes it           |
 *   | owner                | nobody                | owner → FREE                                |
 *   | owner + WAITERS      | anyone                | owner → FREE, wakes one;                    |
 *   |                      |                       | or → RESERVED, wakes all                    |
 *   | dead owner (WAITERS) | the death woke them   | anyone takes it, `abandoned`                |
 *   | POISON               | nobody                | never: its file was removed                 |
 *
 * WAITERS says that a release must wake. It is harmless if set without cause (a wake that finds
 * nobody) and fatal if not set while somebody sleeps. So every sleeper has set it, and a waiter that
 * takes the lock after having slept sets it again, because the release that woke it cleared it for all.
 *
 * A waiter that leaves after having slept may have consumed the one wake of a release:
 *
 *   T1 release: FREE, wakes T2 | T2 gives up, T3 still sleeps, nobody holds the lock
 *
 * so it passes the wake on; or, if another has taken the lock meanwhile without WAITERS (it never
 * slept), sets the bit so that its release wakes.
 *
 * RESERVATION is 0 or the agent that lost PATIENCE times. A release then leaves the word RESERVED,
 * which the fast path cannot take. A reservation of an agent that is dead or has left counts for
 * nothing: an agent that finds the word RESERVED checks RESERVATION, too. The reservation of a stopped
 * agent keeps nobody out either: a waiter that slept on RESERVED and finds the word still RESERVED
 * strikes the reservation out. That may be unfair, never wrong.
 *
 * DEATHS changes before the lock passes from a dead owner to the next: so a waiter of a Condition
 * that finds the lock in living hands again still sees that an owner died while it slept.
 */
import {
  IpcError,
  type AgentInfo,
  type Guard,
  type Handle,
  type Inspection,
  type OpenOptions,
  type UnlinkOptions,
} from '@ipc/core'
import {
  Acquirable,
  AGENT_MASK,
  ALL,
  type AsyncQueue,
  block,
  describeWho,
  localState,
  NOBODY,
  NOWHERE,
  Place,
  POISON,
  unlinkName,
  type Layout,
  type Sleep,
  type Surroundings,
  type Waiting,
} from '@ipc/core/author'
import { LockGuard, newHold, type Hold } from './lock-guard.ts'
import type { Suspendable, Suspended } from './suspend.ts'

const KIND = 'lock'

const FREE = NOBODY
const WAITERS = 0x80000000 | 0
const RESERVED = 0x40000000

const WORD = 0
const RESERVATION = 1
const DEATHS = 2
const WORDS = 3

/** After this many wakes for nothing, a waiter reserves the lock. */
const PATIENCE = 4
/** A thread hands the lock to its own calls at most this many times in a row while others sleep. */
const HANDOVERS = 16

const ownerOf = (word: number): number => word & AGENT_MASK

export interface LockInspection extends Inspection {
  readonly locked: boolean
  readonly owner: AgentInfo | null
  /** Whether somebody sleeps on it; may be true a little longer than somebody does. */
  readonly waiting: boolean
}

/**
 * Mutual exclusion between threads or processes.
 *
 * ```js
 * const lock = Lock.open('nightly-report')
 * await lock.withAsync(async () => { ... })
 * ```
 */
export class Lock extends Acquirable<Guard> implements Suspendable {
  readonly #me: number
  readonly #hold: Hold

  /** Thread scope; shared by its `handle`. */
  constructor(place: Place = Place.ofItsOwn(layout())) {
    super(place)
    this.#me = place.memory.self
    this.#hold = localState(place.memory, place.index, 'hold', () => newHold(place.memory))
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(): Lock {
    return new Lock(Place.create(layout()))
  }

  /** Process scope, by name; made if it is absent. */
  static open(name: string, options?: OpenOptions): Lock {
    return new Lock(Place.open(name, layout(), true, options))
  }

  /** Inside a memory of yours, at `index` (in words); all-zero words are a free lock. */
  static at(memory: Surroundings, index: number): Lock {
    return new Lock(Place.at(memory, index, layout()))
  }

  /** How many words `at` needs. */
  static words(): number {
    return WORDS
  }

  static from(handle: Handle): Lock {
    return new Lock(Place.from(KIND, handle, layout))
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options, {
      layoutOf: layout,
      poison: ({ memory }) => memory.exchange(WORD, POISON),
    })
  }

  /** Whether anyone alive holds it. */
  get locked(): boolean {
    this.checkOpen()
    const owner = ownerOf(this.memory.load(this.index + WORD))
    return owner !== NOBODY && !this.memory.isDead(owner)
  }

  /**
   * Releases the hold of a blocking form. A hold of an async form is released by its guard.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread has no such hold
   */
  release(): void {
    this.checkOpen()
    const { guard } = this.#hold
    if (guard === null || guard.async) throw this.#notOwner(guard !== null)
    this.releaseHold()
  }

  get isHeldHere(): boolean {
    this.checkOpen()
    return this.#hold.guard !== null
  }

  /** Whether its owner died, and nobody has taken it since. */
  get isAbandoned(): boolean {
    const owner = ownerOf(this.memory.load(this.index + WORD))
    return owner !== NOBODY && this.memory.isDead(owner)
  }

  get #deaths(): number {
    return this.memory.load(this.index + DEATHS)
  }

  isHeldBy(guard: Guard): boolean {
    return this.isHeldHere && this.#hold.guard === guard
  }

  suspend(guard: Guard, toBlock: boolean): Suspended {
    this.checkOpen()
    const hold = this.#hold
    const mine = hold.guard
    if (mine === null || mine !== guard) throw this.#notOwner(false)
    const deaths = this.#deaths
    if (toBlock) {
      hold.guard = null
      hold.handovers = 0
      this.#releaseWord()
    } else {
      this.releaseHold()
    }
    const takeBack = (now: Guard): void => {
      mine.abandoned ||= now.abandoned
      hold.guard = mine
    }
    return {
      // The owner first: an agent that took over from a dead one has counted the death before.
      hasOwnerDied: () => this.isAbandoned || this.#deaths !== deaths,
      resume: (failures) => takeBack(this.take(false) ?? this.#takeBack(failures)),
      resumeAsync: async () => takeBack(await this.acquireAsync()),
    }
  }

  #takeBack(failures: unknown[]): Guard {
    const what = (): string => this.description
    return block(this.memory, this.waiting(false), Infinity, what, failures)!
  }

  inspect(): LockInspection {
    this.checkOpen()
    const word = this.memory.load(this.index + WORD)
    const owner = this.describeAgent(ownerOf(word))
    const waiting = (word & WAITERS) !== 0
    return { ...this.inspection, locked: this.locked, owner, waiting }
  }

  /* ---- taking ------------------------------------------------------------------------------ */

  protected get queue(): AsyncQueue<Guard> {
    return this.#hold.queue
  }

  /** FREE → me */
  protected take(async: boolean): Guard | undefined {
    this.checkOpen()
    if (this.memory.compareExchange(this.index + WORD, FREE, this.#me) !== FREE) return undefined
    return this.makeGuard(async, false)
  }

  protected takeOnce(async: boolean): Guard | undefined {
    const word = this.memory.load(this.index + WORD)
    if (ownerOf(word) === POISON) this.memory.arm() // throws
    return this.#mayTake(word) ? this.#takeFrom(word, word & WAITERS, async) : undefined
  }

  protected waiting(async: boolean): Waiting<Guard> {
    return {
      owner: this,
      attempt: (sleep) => this.#attempt(sleep, async),
      leave: () => this.#leave(),
      what: this.description,
      owners: () => this.owners(),
      own: () => this.own(),
    }
  }

  /** @internal The owner, for people. */
  owners(): (AgentInfo | null)[] {
    return [this.describeAgent(ownerOf(this.memory.load(this.index + WORD)))]
  }

  /** @internal The hold of this thread, if there is one. */
  own(): Guard[] {
    const { guard } = this.#hold
    return guard === null ? [] : [guard]
  }

  #attempt(sleep: Sleep, async: boolean): Guard | undefined {
    for (;;) {
      const word = this.memory.load(this.index + WORD)
      if ((word & RESERVED) !== 0 && word === sleep.expected) this.#strikeReservation()
      if (this.#mayTake(word)) {
        const guard = this.#takeFrom(word, sleep.slept > 0 ? WAITERS : word & WAITERS, async)
        if (guard !== undefined) return guard
        continue
      }
      if (ownerOf(word) === this.#me && this.#waitsForItself(sleep, word)) return undefined
      // It never reserves while the word is RESERVED, or it could sleep on a word reserved for itself:
      //   T2 sees RESERVED, for T1 | T1 takes, T2 reserves, T1 → RESERVED, for T2 | T2 sleeps
      if (sleep.lost >= PATIENCE && (word & RESERVED) === 0) this.#reserve()
      const announced = word | WAITERS
      if (word === announced || this.#change(word, announced)) {
        sleep.on(this.index + WORD, announced)
        return undefined
      }
    }
  }

  /**
   * True when the thread itself will serve the caller, on its next release. A caller that has slept
   * may have consumed a wake, and the thread took the lock past it, by the fast path:
   *
   *   T1 release: FREE, wakes T2's ticket | T2 tryAcquire: FREE → T2, then hears of the wake
   *   T2 hands the lock to the caller, who releases: T2 → FREE, no WAITERS; T3 sleeps on
   *
   * so the wake is passed on here, and a reservation goes with it.
   */
  #waitsForItself(sleep: Sleep, word: number): boolean {
    if (!sleep.blocking) {
      // Held through another copy of the same SharedArrayBuffer, which knows nothing of this queue.
      if (this.#hold.guard === null) return false
      if (sleep.slept > 0) {
        this.#cancelReservation()
        this.#change(word, word | WAITERS) // fails only if another has set it
      }
      sleep.on(NOWHERE, 0)
      return true
    }
    if (sleep.deadline !== Infinity) return false // waits its time out
    throw new IpcError('ERR_IPC_DEADLOCK', `acquire ${this.description}: this thread holds it`)
  }

  #mayTake(word: number): boolean {
    const owner = ownerOf(word)
    if (owner !== NOBODY) return this.memory.isDead(owner)
    return (word & RESERVED) === 0 || !this.#isReservedForOther()
  }

  #isReservedForOther(): boolean {
    const agent = this.memory.load(this.index + RESERVATION)
    return agent !== NOBODY && agent !== this.#me && !this.memory.isDead(agent)
  }

  /** FREE, RESERVED or dead owner → me */
  #takeFrom(word: number, waiters: number, async: boolean): LockGuard | undefined {
    const isAbandoned = ownerOf(word) !== NOBODY
    if (isAbandoned) this.memory.add(this.index + DEATHS, 1)
    if (!this.#change(word, this.#me | waiters)) return undefined
    this.#cancelReservation()
    return this.makeGuard(async, isAbandoned)
  }

  /** Makes the guard of the hold that this thread has. */
  protected makeGuard(async: boolean, abandoned: boolean): LockGuard {
    return (this.#hold.guard = new LockGuard(this, this.#hold, async, abandoned))
  }

  #change(from: number, to: number): boolean {
    return this.memory.compareExchange(this.index + WORD, from, to) === from
  }

  #reserve(): void {
    const agent = this.memory.load(this.index + RESERVATION)
    if (agent === this.#me || (agent !== NOBODY && !this.memory.isDead(agent))) return
    this.memory.compareExchange(this.index + RESERVATION, agent, this.#me)
  }

  #strikeReservation(): void {
    const agent = this.memory.load(this.index + RESERVATION)
    this.memory.compareExchange(this.index + RESERVATION, agent, NOBODY)
  }

  #cancelReservation(): void {
    if (this.memory.load(this.index + RESERVATION) !== this.#me) return
    this.memory.compareExchange(this.index + RESERVATION, this.#me, NOBODY)
  }

  /** Leaves without taking, after having slept. */
  #leave(): void {
    this.#cancelReservation() // first: a release that still sees it wakes all, and they look again
    for (;;) {
      const word = this.memory.load(this.index + WORD)
      if (ownerOf(word) === NOBODY) {
        if ((word & RESERVED) !== 0) {
          if (this.#isReservedForOther()) return // it was woken, like all
          if (!this.#change(word, FREE)) continue
        }
        this.memory.unpark(this.index + WORD, 1)
        return
      }
      if ((word & WAITERS) !== 0 || this.#change(word, word | WAITERS)) return
    }
  }

  /* ---- releasing ------------------------------------------------------------------------------ */

  /** @internal me → FREE, if nobody waits */
  releaseHold(): void {
    const hold = this.#hold
    hold.guard = null
    if (
      !hold.queue.isEmpty ||
      this.memory.compareExchange(this.index + WORD, this.#me, FREE) !== this.#me
    ) {
      this.#releaseContended()
    }
  }

  #releaseContended(): void {
    const hold = this.#hold
    const othersSleep = (this.memory.load(this.index + WORD) & WAITERS) !== 0
    if (
      !hold.queue.isEmpty &&
      (!othersSleep || hold.handovers < HANDOVERS) &&
      hold.queue.hand((waiting) => (waiting.owner as Lock).makeGuard(true, false))
    ) {
      hold.handovers++
      this.#cancelReservation() // it may have been that call's
      return
    }
    hold.handovers = 0
    this.#releaseWord()
    hold.queue.serve()
  }

  /** me → FREE or RESERVED */
  #releaseWord(): void {
    for (;;) {
      const word = this.memory.load(this.index + WORD)
      if (ownerOf(word) === POISON) return
      const reserved = this.#isReservedForOther()
      const next = reserved ? RESERVED | (word & WAITERS) : FREE
      if (!this.#change(word, next)) continue
      if ((word & WAITERS) !== 0) this.memory.unpark(this.index + WORD, reserved ? ALL : 1)
      if (reserved) this.#freeIfNotReserved()
      return
    }
  }

  /**
   * RESERVED → FREE, if the reservation is gone. Waking all was not enough then:
   *
   *   T1 sees RESERVED | T2 takes, and reads T3's reservation | T3 cancels it and leaves
   *   T2 → RESERVED, wakes nobody | T1 sleeps on what it saw, and nobody comes
   *
   * An agent that cancels the reservation later than this sees RESERVED, and frees the word.
   */
  #freeIfNotReserved(): void {
    for (;;) {
      const word = this.memory.load(this.index + WORD)
      if (ownerOf(word) !== NOBODY || (word & RESERVED) === 0 || this.#isReservedForOther()) return
      if (!this.#change(word, FREE)) continue
      this.memory.unpark(this.index + WORD, 1)
      return
    }
  }

  /* ---- the rest ------------------------------------------------------------------------------- */

  protected finish(): void {
    if (this.#hold.guard?.lock === this) {
      throw new IpcError('ERR_IPC_IN_USE', `close ${this.description}: this thread holds it`)
    }
    this.#hold.queue.fail(this.closedError(), this)
  }

  #notOwner(asyncHold: boolean): IpcError {
    const owner = this.describeAgent(ownerOf(this.memory.load(this.index + WORD)))
    const who = asyncHold
      ? 'an async form took it, so its guard releases it'
      : owner === null
        ? 'nobody holds it'
        : `held by ${describeWho(owner)}`
    return new IpcError('ERR_IPC_NOT_OWNER', `release ${this.description}: ${who}`)
  }
}

function layout(): Layout {
  return { kind: KIND, words: WORDS, options: [0, 0, 0, 0], owners: [WORD, 1] }
}
