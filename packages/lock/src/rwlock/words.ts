/** The words of an RWLock, and how readers and writers change each other's. The table is in rwlock.ts. */
import { IpcError, type Guard } from '@ipc/core'
import {
  AGENT_MASK,
  ALL,
  AsyncQueue,
  localState,
  NOBODY,
  POISON,
  type Layout,
  type Memory,
  type Place,
  type Sleep,
  type Waiting,
} from '@ipc/core/author'
import type { LockGuard } from '../lock-guard.ts'
import { Lock } from '../lock.ts'

export const KIND = 'rwlock'

const WAIT = 0x80000000 | 0
const DRAIN = 0x40000000
const POKE = WAIT | DRAIN

export const FREE: number = NOBODY

/** The word of the writers' Lock, which is the first of its words. */
export const WRITER = 0
const WITNESS = Lock.words()
const USED = WITNESS + 1
const FIRST_SLOT = USED + 1

/** At most this many threads may read, or wait to read, at a time. */
const SLOTS = 500

/** A writer that died before it was the witness has written nothing. */
export const LAYOUT: Layout = {
  kind: KIND,
  words: FIRST_SLOT + SLOTS,
  options: [0, 0, 0, 0],
  owners: [WITNESS, 1],
}

export const agentOf = (word: number): number => word & AGENT_MASK
export const isWaiting = (slot: number): boolean => (slot & WAIT) !== 0
export const isDrained = (slot: number): boolean => (slot & POKE) === DRAIN
export const waitingFor = (agent: number): number => agent | WAIT

/** Whether nothing but what it waits for can end a wait. */
export const isEndless = ({ blocking, deadline }: Sleep): boolean =>
  blocking && deadline === Infinity

export class Words {
  readonly memory: Memory
  readonly me: number
  readonly #index: number
  readonly #firstSlot: number

  constructor({ memory, index }: Place) {
    this.memory = memory
    this.me = memory.self
    this.#index = index
    this.#firstSlot = index + FIRST_SLOT
  }

  /** The agent that has WRITER, dead or alive; NOBODY also when WRITER is only reserved. */
  get writer(): number {
    return agentOf(this.memory.load(this.#index + WRITER))
  }

  /** @throws IpcError ERR_IPC_UNLINKED when the file was removed by force */
  checkPoison(): void {
    if (this.writer === POISON) this.memory.arm()
  }

  /** The words of the slots, for `inspect`. */
  slots(): number[] {
    const slots: number[] = []
    for (let slot = this.#firstSlot; slot < this.#slotsEnd(); slot++) {
      slots.push(this.memory.load(slot))
    }
    return slots
  }

  #slotsEnd(): number {
    return this.#firstSlot + Math.min(this.memory.load(this.#index + USED), SLOTS)
  }

  /* ---- the witness ------------------------------------------------------------------------------ */

  /** Called by a writer that has seen all readers leave. Returns whether the last witness died. */
  becomeWitness(): boolean {
    return this.memory.exchange(this.#index + WITNESS, this.me) !== NOBODY
  }

  /**
   * Called by a reader that was let in. Returns whether this reader took the place of a dead witness: of
   * several readers one does, and is told.
   */
  replaceDeadWitness(): boolean {
    const index = this.#index + WITNESS
    const witness = this.memory.load(index)
    if (witness === NOBODY || !this.memory.isDead(witness)) return false
    return this.memory.compareExchange(index, witness, this.me) === witness
  }

  dismissWitness(): void {
    this.memory.store(this.#index + WITNESS, NOBODY)
  }

  /* ---- slots -------------------------------------------------------------------------------------- */

  /** 0 → me, in a slot that this thread had before. */
  claimAgain(slot: number): boolean {
    return this.memory.compareExchange(slot, FREE, this.me) === FREE
  }

  /** 0 or dead → me; the index of the slot. */
  claimSlot(): number {
    for (let slot = this.#firstSlot; slot < this.#firstSlot + SLOTS; slot++) {
      const there = this.memory.load(slot)
      if (there !== FREE && !this.memory.isDead(agentOf(there))) continue
      this.#raiseUsed(slot - this.#firstSlot + 1) // first: a writer's scan must not stop short of it
      if (this.memory.compareExchange(slot, there, this.me) === there) return slot
    }
    throw new IpcError('ERR_IPC_FULL', `read: ${SLOTS} threads read or wait already`)
  }

  #raiseUsed(used: number): void {
    for (;;) {
      const now = this.memory.load(this.#index + USED)
      if (now >= used) return
      this.memory.compareExchange(this.#index + USED, now, used)
    }
  }

  /** any → 0; the writer may sleep on it. */
  leaveSlot(slot: number): void {
    if (isDrained(this.memory.exchange(slot, FREE))) this.wakeSleepersOn(slot)
  }

  /** Wakes all: a ticket that could not be cancelled may sleep there besides the one that is meant. */
  wakeSleepersOn(slot: number): void {
    this.memory.unpark(slot, ALL)
  }

  get hasReaders(): boolean {
    const end = this.#slotsEnd()
    for (let slot = this.#firstSlot; slot < end; slot++) if (!this.#isLeft(slot)) return true
    return false
  }

  /** Whether nobody reads there; clears the slot of a dead reader. */
  #isLeft(slot: number): boolean {
    const there = this.memory.load(slot)
    if (there === FREE || isWaiting(there)) return true
    return (
      this.memory.isDead(agentOf(there)) && this.memory.compareExchange(slot, there, FREE) === there
    )
  }

  /** The agents that read, for people. */
  readers(): number[] {
    return this.slots()
      .filter((slot) => slot !== FREE && !isWaiting(slot))
      .map(agentOf)
  }

  /** For the holder of WRITER: returns true when all readers have left; otherwise it says where to sleep. */
  drain(sleep: Sleep): boolean {
    const end = this.#slotsEnd()
    for (let slot = this.#firstSlot; slot < end; slot++) {
      while (!this.#isLeft(slot)) {
        const there = this.memory.load(slot)
        if (there === FREE || isWaiting(there)) break
        const announced = there | DRAIN
        if (there !== announced && this.memory.compareExchange(slot, there, announced) !== there) {
          continue
        }
        sleep.on(slot, announced)
        return false
      }
    }
    return true
  }

  /** For the holder of WRITER: lets in every reader that waits, or is just checking whether it must. */
  grantAll(): void {
    const end = this.#slotsEnd()
    for (let slot = this.#firstSlot; slot < end; slot++) {
      for (let there = this.memory.load(slot); there !== FREE; there = this.memory.load(slot)) {
        if (isDrained(there)) break
        const granted = isWaiting(there) ? agentOf(there) : there | DRAIN
        if (this.memory.compareExchange(slot, there, granted) !== there) continue
        if (isWaiting(there)) this.wakeSleepersOn(slot)
        break
      }
    }
  }

  /** me + WAIT → me + WAIT + POKE, for those whom `grantAll` did not see. */
  pokeAll(): void {
    const end = this.#slotsEnd()
    for (let slot = this.#firstSlot; slot < end; slot++) {
      const there = this.memory.load(slot)
      if ((there & POKE) !== WAIT) continue
      if (this.memory.compareExchange(slot, there, there | POKE) === there) {
        this.wakeSleepersOn(slot)
      }
    }
  }
}

/** The state of this thread as a writer, whichever object it uses. */
interface Writing {
  /** It has WRITER, and waits for the readers to leave. */
  draining: boolean
  readonly queue: AsyncQueue<Guard>
}

/** WRITER: a Lock, whose release lets in the readers that wait. Its guards are the writers' guards. */
export class WriterLock extends Lock {
  readonly writing: Writing
  /** @internal Called by a writer just before it releases. */
  beforeRelease: () => void = () => {}
  readonly #words: Words

  constructor(place: Place, words: Words) {
    super(place)
    this.#words = words
    const { memory, index } = place
    this.writing = localState(memory, index, 'writing', () => ({
      draining: false,
      queue: new AsyncQueue<Guard>(memory),
    }))
  }

  override take(async: boolean): Guard | undefined {
    return super.take(async)
  }

  override takeOnce(async: boolean): Guard | undefined {
    return super.takeOnce(async)
  }

  override waiting(async: boolean): Waiting<Guard> {
    return super.waiting(async)
  }

  /** The holder of WRITER goes inside, with the guard that it was given just now. */
  enter(taken: Guard): Guard {
    const guard = taken as LockGuard
    guard.abandoned = this.#words.becomeWitness()
    return guard
  }

  /** Goes inside after a wait for readers, and perhaps for another call of this thread. */
  enterLater(async: boolean): Guard {
    return this.makeGuard(async, this.#words.becomeWitness())
  }

  /** Called by the guard of a writer that is inside. */
  override releaseHold(): void {
    this.#words.dismissWitness()
    this.beforeRelease()
    this.giveBack()
    this.writing.queue.serve()
  }

  /** Called by a holder of WRITER that is not inside. */
  giveBack(): void {
    this.#words.grantAll()
    super.releaseHold()
    this.#words.pokeAll()
  }

  /** @throws IpcError ERR_IPC_IN_USE when this thread writes through this object */
  checkUnheld(): void {
    if (!this.writing.draining) this.finish()
  }
}
