import { IpcError, type Guard } from '@ipc/core'
import { AsyncQueue, localState, NOBODY, type Place } from '@ipc/core/author'
import type { Sleep, Waiting } from '@ipc/core/author'
import { isDrained, isEndless, isWaiting, waitingFor } from './words.ts'
import type { Words, WriterLock } from './words.ts'
import { Side, type Whole } from './side.ts'

const NO_SLOT = -1

/** The state of this thread as a reader, whichever object it uses. */
interface Reading {
  /** The index of its slot while it reads, or has a call that waits. */
  slot: number
  /** The index of the slot that it had last. */
  lastSlot: number
  /** Whether it was told that a writer died, and has not left since. */
  isWitness: boolean
  /** Its shares, the newest last. While there are any, nobody waits in the queue. */
  readonly shares: Share[]
  readonly queue: AsyncQueue<Guard>
}

class Share implements Guard {
  held = true
  readonly abandoned: boolean
  readonly async: boolean
  readonly reader: Reader

  constructor(reader: Reader, async: boolean, abandoned: boolean) {
    this.reader = reader
    this.async = async
    this.abandoned = abandoned
  }

  release(): void {
    if (this.held) this.reader.releaseShare(this)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** The shared side of an RWLock. */
export class Reader extends Side {
  readonly #words: Words
  readonly #writerLock: WriterLock
  readonly #reading: Reading

  /** @internal */
  constructor(place: Place, whole: Whole, words: Words, writerLock: WriterLock) {
    super(place, whole)
    this.#words = words
    this.#writerLock = writerLock
    const { memory, index } = place
    this.#reading = localState(memory, index, 'reading', () => ({
      slot: NO_SLOT,
      lastSlot: NO_SLOT,
      isWitness: false,
      shares: [],
      queue: new AsyncQueue<Guard>(memory),
    }))
  }

  /**
   * Releases the newest share of a blocking form. A share of an async form is released by its guard.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread has no such share
   */
  release(): void {
    this.checkOpen()
    const share = this.#reading.shares.findLast((each) => !each.async)
    if (share !== undefined) return this.releaseShare(share)
    const why = 'this thread has no share by a blocking form'
    throw new IpcError('ERR_IPC_NOT_OWNER', `release ${this.description} for reading: ${why}`)
  }

  /** @internal Whether this thread reads. */
  get isHeldHere(): boolean {
    return this.#reading.shares.length > 0
  }

  /**
   * @internal Called when this thread blocks to write: its own calls that wait to read leave their slot.
   * Otherwise a call that was let in would keep all writers out, and could not leave while the thread
   * blocks:
   *
   *   T1 calls acquireAsync() to read | T2, which writes, releases, and grants T1's slot
   *   T1 blocks in acquire() to write, and does not hear of the grant
   */
  holdBackCalls(): void {
    const { slot, shares } = this.#reading
    if (slot !== NO_SLOT && shares.length === 0) this.#withdraw()
  }

  /** @internal Calls that were held back wait again. */
  askAgain(): void {
    const { slot, queue } = this.#reading
    if (slot === NO_SLOT) queue.serve()
  }

  /* ---- taking ------------------------------------------------------------------------------------ */

  protected get queue(): AsyncQueue<Guard> {
    return this.#reading.queue
  }

  protected take(async: boolean): Guard | undefined {
    this.checkOpen()
    const { shares, slot } = this.#reading
    if (shares.length > 0) return this.#share(async, false) // also behind a waiting writer
    if (slot !== NO_SLOT || this.#words.writer !== NOBODY) return undefined
    this.#claim()
    if (this.#words.writer === NOBODY) return this.#enter(async)
    this.#withdraw()
    return undefined
  }

  protected takeOnce(async: boolean): Guard | undefined {
    this.#words.checkPoison()
    const { shares, queue } = this.#reading
    queue.serve() // a call there may have been granted, and not know yet
    if (shares.length > 0) return this.#share(async, false)
    if (!queue.isEmpty || !this.#isWriterDead) return undefined
    this.#claim()
    const share = this.#takeOver(async)
    if (share === undefined) this.#withdraw()
    return share
  }

  protected waiting(async: boolean): Waiting<Guard> {
    return {
      owner: this,
      attempt: (sleep) => this.#attempt(sleep, async),
      leave: () => {}, // anybody else that sleeps on the slot was woken, too
      end: () => this.#end(),
      what: `${this.description} for reading`,
      owners: () => this.#writerLock.owners(),
      own: () => this.#writerLock.own(),
    }
  }

  /** @internal The shares of this thread, for a writer that waits for them. */
  get shares(): readonly Guard[] {
    return this.#reading.shares
  }

  #attempt(sleep: Sleep, async: boolean): Guard | undefined {
    const reading = this.#reading
    if (reading.shares.length > 0) return this.#share(async, false)
    // A reader that no longer waits has been granted; a new one must check WRITER first.
    let wasWaiting = reading.slot !== NO_SLOT
    let hasWaited = wasWaiting
    this.#claim()
    for (;;) {
      const slot = this.memory.load(reading.slot)
      if (wasWaiting && !isWaiting(slot)) return this.#enter(async)
      if (hasWaited && isDrained(slot)) return this.#enter(async)
      const { writer } = this.#words
      if (writer === NOBODY) {
        if (!isWaiting(slot)) return this.#enter(async)
        wasWaiting = !this.#change(slot, this.#words.me) // then others see it read, and it checks again
        continue
      }
      if (writer === this.#words.me && isEndless(sleep)) throw this.#deadlock()
      if (this.memory.isDead(writer)) {
        const share = this.#takeOver(async)
        if (share !== undefined) return share
        continue
      }
      const announced = waitingFor(this.#words.me)
      if (slot === announced) {
        sleep.on(reading.slot, announced)
        return undefined
      }
      if (!this.#change(slot, announced)) continue
      wasWaiting = hasWaited = true
      if (isDrained(slot)) this.#words.wakeSleepersOn(reading.slot)
    }
  }

  get #isWriterDead(): boolean {
    const { writer } = this.#words
    return writer !== NOBODY && this.memory.isDead(writer)
  }

  /** After a dead writer: takes WRITER, reads, and lets the others go on. */
  #takeOver(async: boolean): Guard | undefined {
    if (this.#writerLock.takeOnce(false) === undefined) return undefined
    this.memory.exchange(this.#reading.slot, this.#words.me) // nobody else writes now
    this.#writerLock.giveBack()
    return this.#enter(async)
  }

  #deadlock(): IpcError {
    const why = 'this thread writes'
    return new IpcError('ERR_IPC_DEADLOCK', `acquire ${this.description} for reading: ${why}`)
  }

  /** Makes the first share of this thread. The calls that wait in its queue are let in with it. */
  #enter(async: boolean): Guard {
    const reading = this.#reading
    reading.isWitness = this.#words.replaceDeadWitness()
    const share = this.#share(async, reading.isWitness)
    if (!async) reading.queue.serve()
    return share
  }

  #share(async: boolean, abandoned: boolean): Guard {
    const share = new Share(this, async, abandoned)
    this.#reading.shares.push(share)
    return share
  }

  #change(from: number, to: number): boolean {
    return this.memory.compareExchange(this.#reading.slot, from, to) === from
  }

  #claim(): void {
    const reading = this.#reading
    if (reading.slot !== NO_SLOT) return
    const { lastSlot } = reading
    const hasLast = lastSlot !== NO_SLOT && this.#words.claimAgain(lastSlot)
    reading.slot = reading.lastSlot = hasLast ? lastSlot : this.#words.claimSlot()
  }

  /* ---- leaving ------------------------------------------------------------------------------------- */

  #withdraw(): void {
    const reading = this.#reading
    if (reading.isWitness) this.#words.dismissWitness() // first: a writer may go inside at once
    reading.isWitness = false
    const { slot } = reading
    reading.slot = NO_SLOT
    this.#words.leaveSlot(slot)
  }

  /** Nobody in this thread waits any more: a slot that waits, or was granted too late, is left. */
  #end(): void {
    const { slot, shares, queue } = this.#reading
    if (slot !== NO_SLOT && shares.length === 0 && queue.isEmpty) this.#withdraw()
  }

  /** @internal */
  releaseShare(share: Share): void {
    const { shares } = this.#reading
    share.held = false
    if (shares.at(-1) === share) shares.pop()
    else shares.splice(shares.indexOf(share), 1)
    if (shares.length === 0) this.#withdraw()
  }

  checkUnheld(): void {
    if (!this.#reading.shares.some((share) => share.reader === this)) return
    throw new IpcError('ERR_IPC_IN_USE', `close ${this.description}: this thread reads`)
  }
}
