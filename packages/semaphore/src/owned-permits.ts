/**
 * Permits that belong to agents and come back when their agent dies, as with System V's SEM_UNDO.
 * A counter and a record of who has which permit are never exact between two stores, so there is no
 * counter, but one word per permit.
 *
 *   | permit     | who leaves the state                        |
 *   |------------|---------------------------------------------|
 *   | FREE       | anyone → me                                 |
 *   | owner      | owner → FREE                                |
 *   | dead owner | anyone → me; the guard is `abandoned`       |
 *   | POISON     | nobody: the file was removed                |
 *
 * All sleep on one word, BELL, which has WAITERS in the top bit and a sequence below it. A waiter sets
 * WAITERS, *then* checks the permits, then sleeps on the value that BELL had. A releaser stores FREE,
 * *then* checks BELL; if WAITERS is set it bumps the sequence and wakes one. So either the waiter sees
 * the permit, or the releaser sees the bit. WAITERS stays set until a release finds nobody asleep:
 *
 *   T1 release: bumps, wakes nobody | T2 checked before the release, sleeps on the new BELL
 *   T1 clears WAITERS               | T2 sleeps, and nobody knows
 *
 * so a releaser that clears the bit then wakes all: if two slept and only one were woken, that one would
 * take one permit, and nobody would tell the other of a second permit that was released without the
 * bit. The releaser also bumps the sequence once more, or a waiter that has checked and does not sleep
 * yet could go to sleep when the bit has come back:
 *
 *   T1 clears WAITERS | T3 releases two permits, sees no bit | T4 sets it, takes one | T2 sleeps
 *
 * So while the bit is not set nobody sleeps, or goes to sleep; a waiter that is woken sets the bit
 * before it checks the permits.
 */
import { IpcError, type Guard } from '@ipc/core'
import {
  ALL,
  localState,
  NOBODY,
  outOfRange,
  POISON,
  type AgentId,
  type AsyncQueue,
  type Memory,
  type Sleep,
} from '@ipc/core/author'
import type { Permits, Taker, Terms } from './permits.ts'

const FREE = NOBODY
const WAITERS = 0x80000000 | 0
const SEQUENCE = 0x7fffffff

const BELL = 0
const FIRST_PERMIT = 1

/** With more, the search for a free one would be slow. */
export const MAX_OWNED_PERMITS = 1000

/** A thread hands a permit to its own calls, past those who sleep, at most this many times in a row. */
const HANDOVERS = 16

class OwnedGuard implements Guard {
  readonly abandoned: boolean
  readonly permit: number
  readonly by: Taker
  readonly #permits: OwnedPermits

  constructor(permits: OwnedPermits, permit: number, by: Taker, abandoned: boolean) {
    this.permit = permit
    this.by = by
    this.abandoned = abandoned
    this.#permits = permits
  }

  get held(): boolean {
    return this.#permits.isCurrent(this)
  }

  release(): void {
    if (this.held) this.#permits.giveBack(this)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** The permits of one semaphore that this thread holds, whichever object took them. */
interface Holds {
  /** The guards, by the number of their permit. */
  readonly guards: Map<number, OwnedGuard>
  handovers: number
  /** The permit at which a search begins. */
  hint: number
}

export class OwnedPermits implements Permits {
  /** How many words it needs. */
  static words(initial: number): number {
    return FIRST_PERMIT + initial
  }

  /** The words that name owners: the first of them, and how many there are. */
  static owners(initial: number): readonly [first: number, count: number] {
    return [FIRST_PERMIT, initial]
  }

  readonly #memory: Memory
  readonly #index: number
  readonly #terms: Terms
  readonly #queue: AsyncQueue<Guard>
  readonly #holds: Holds

  constructor(memory: Memory, index: number, terms: Terms, queue: AsyncQueue<Guard>) {
    this.#memory = memory
    this.#index = index
    this.#terms = terms
    this.#queue = queue
    this.#holds = localState(memory, index, 'permits', () => ({
      guards: new Map(),
      handovers: 0,
      hint: 0,
    }))
  }

  get value(): number {
    let free = 0
    for (let permit = 0; permit < this.#terms.initial; permit++) {
      const owner = this.#memory.load(this.#word(permit))
      if (owner === FREE || this.#memory.isDead(owner)) free++
    }
    return free
  }

  get owners(): AgentId[] {
    const owners: AgentId[] = []
    for (let permit = 0; permit < this.#terms.initial; permit++) {
      const owner = this.#memory.load(this.#word(permit))
      if (owner !== FREE && owner !== POISON) owners.push(owner)
    }
    return owners
  }

  get waiting(): boolean {
    return (this.#memory.load(this.#index + BELL) & WAITERS) !== 0
  }

  /** FREE → me */
  take(by: Taker): Guard | undefined {
    return this.#look(by, false)
  }

  takeOnce(by: Taker): Guard | undefined {
    return this.#look(by, true)
  }

  attempt(by: Taker, sleep: Sleep): Guard | undefined {
    const bell = this.#announce()
    const guard = this.#look(by, true)
    if (guard === undefined) sleep.on(this.#index + BELL, bell)
    return guard
  }

  leave(): void {
    if (this.value > 0) this.#memory.unpark(this.#index + BELL, 1)
  }

  release(count: number): void {
    const { initial, description } = this.#terms
    const free = this.value
    if (count > initial - free) {
      const most = `at most ${initial - free} (${description} has ${free} of ${initial} free)`
      throw outOfRange('the count to release', most, count)
    }
    const mine = [...this.#holds.guards.values()].filter((guard) => !guard.by.async)
    if (mine.length < count) {
      const has = `this thread holds ${mine.length} by its blocking forms`
      throw new IpcError('ERR_IPC_NOT_OWNER', `release ${count} of ${description}: ${has}`)
    }
    for (const guard of mine.slice(-count)) this.giveBack(guard)
  }

  isHeldBy(semaphore: object): boolean {
    return [...this.#holds.guards.values()].some((guard) => guard.by.semaphore === semaphore)
  }

  poison(): void {
    for (let permit = 0; permit < this.#terms.initial; permit++) {
      this.#memory.exchange(this.#word(permit), POISON)
    }
  }

  /** @internal A stale guard never gives back a later hold of the same permit. */
  isCurrent(guard: OwnedGuard): boolean {
    return this.#holds.guards.get(guard.permit) === guard
  }

  /** @internal me → FREE, or to the next call of this thread */
  giveBack({ permit }: OwnedGuard): void {
    const holds = this.#holds
    if (
      !this.#queue.isEmpty &&
      holds.handovers < HANDOVERS &&
      this.#queue.hand((waiting) =>
        this.#guard(permit, { semaphore: waiting.owner, async: true }, false),
      )
    ) {
      holds.handovers++
      return
    }
    holds.handovers = 0
    holds.guards.delete(permit)
    holds.hint = permit
    this.#memory.compareExchange(this.#word(permit), this.#memory.self, FREE)
    this.#ring()
  }

  /** Called after a permit became FREE. */
  #ring(): void {
    const index = this.#index + BELL
    for (;;) {
      const bell = this.#memory.load(index)
      if ((bell & WAITERS) === 0) return
      const rung = ((bell + 1) & SEQUENCE) | WAITERS
      if (this.#memory.compareExchange(index, bell, rung) !== bell) continue
      if (this.#memory.unpark(index, 1) > 0) return
      const cleared = (rung + 1) & SEQUENCE
      if (this.#memory.compareExchange(index, rung, cleared) === rung) {
        this.#memory.unpark(index, ALL)
      }
      return
    }
  }

  /** Sets WAITERS; returns what BELL is then. */
  #announce(): number {
    const index = this.#index + BELL
    for (;;) {
      const bell = this.#memory.load(index)
      if ((bell & WAITERS) !== 0) return bell
      if (this.#memory.compareExchange(index, bell, bell | WAITERS) === bell) return bell | WAITERS
    }
  }

  #look(by: Taker, alsoDead: boolean): Guard | undefined {
    const { initial } = this.#terms
    for (let i = 0; i < initial; i++) {
      const permit = (this.#holds.hint + i) % initial
      const word = this.#word(permit)
      const owner = this.#memory.load(word)
      if (owner !== FREE && !(alsoDead && this.#memory.isDead(owner))) continue
      if (this.#memory.compareExchange(word, owner, this.#memory.self) !== owner) continue
      return this.#guard(permit, by, owner !== FREE)
    }
    return undefined
  }

  #guard(permit: number, by: Taker, abandoned: boolean): OwnedGuard {
    const guard = new OwnedGuard(this, permit, by, abandoned)
    this.#holds.guards.set(permit, guard)
    return guard
  }

  #word(permit: number): number {
    return this.#index + FIRST_PERMIT + permit
  }
}
