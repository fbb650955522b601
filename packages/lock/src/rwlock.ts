/**
 * RWLock: many readers or one writer. Neither side starves.
 *
 * The WRITER is a `Lock` of its own. Then INSIDE, the writer that has seen all readers leave; USED,
 * how many slots were ever taken; and the slots, one for each thread that reads (its shares are
 * counted in the thread):
 *
 *   | slot           | who sleeps on it | who leaves the state                                    |
 *   |----------------|------------------|---------------------------------------------------------|
 *   | 0              | nobody           | a reader → me                                           |
 *   | me             | nobody           | me → 0, or → me + WAIT if there is a writer             |
 *   | me + DRAIN     | the writer       | the same, and wakes the writer                          |
 *   | me + WAIT      | the reader       | the writer that releases → me: granted, wakes it        |
 *   | me + WAIT + POKE | the reader just woken | the reader → me + WAIT, and looks at WRITER again  |
 *   | dead, any bits | the death woke the writer | the writer, or a new reader                    |
 *
 * A slot without WAIT counts as reading. A reader stores its slot, then looks at WRITER; a writer
 * stores WRITER, then looks at the slots. So at least one of the two sees the other: a reader that
 * sees a writer sets WAIT and looks once more before it sleeps; a writer waits, slot by slot, for 0,
 * WAIT or death.
 *
 * Release, by the holder of WRITER only: grant every WAIT slot, free WRITER, then poke. The grants
 * come first, so no later writer overtakes a reader that was seen. The poke is for one that was not:
 *
 *   T1 grants nobody | T2 sets WAIT, sees the writer | T1 frees WRITER | T2 sleeps for ever
 *
 * and it is a bit and not only a wake, because T2 may be just about to sleep.
 *
 * Whoever finds a dead writer takes WRITER over and releases it. The state is abandoned if that
 * writer was INSIDE; dying before or after that is not.
 */
import {
  Acquirable,
  AGENT_MASK,
  AsyncQueue,
  IpcError,
  localState,
  NOBODY,
  Place,
  POISON,
  Primitive,
  unlinkName,
  type AgentInfo,
  type Guard,
  type Handle,
  type Inspection,
  type Layout,
  type Memory,
  type OpenOptions,
  type Sleep,
  type Surroundings,
  type UnlinkOptions,
  type Waiting,
} from '@ipc/core'
import { Lock } from './lock.ts'

const KIND = 'rwlock'

const WAIT = 0x80000000 | 0
const DRAIN = 0x40000000
const POKE = WAIT | DRAIN

const FREE = NOBODY

const WRITER = 0 // the word of the Lock
const INSIDE = Lock.words()
const USED = INSIDE + 1
const FIRST_SLOT = USED + 1

/** So many threads may read at a time. */
const SLOTS = 500

const NO_SLOT = -1

const agentOf = (word: number): number => word & AGENT_MASK
const waits = (slot: number): boolean => (slot & WAIT) !== 0

export interface RWLockInspection extends Inspection {
  /** Who writes, or waits for the last readers to leave. */
  readonly writer: AgentInfo | null
  readonly readers: readonly AgentInfo[]
  /** Whether somebody sleeps on it; may be true a little longer than somebody does. */
  readonly waiting: boolean
}

/**
 * ```js
 * const lock = RWLock.open('catalogue')
 * await lock.reader.withAsync(() => read())
 * await lock.writer.withAsync(() => change())
 * ```
 */
export class RWLock extends Primitive {
  /** Shared: many threads may hold it, and a thread several times. */
  readonly reader: Reader
  /** Exclusive. */
  readonly writer: Writer
  readonly #words: Words

  /** Thread scope; shared by its `handle`. */
  constructor(place: Place = Place.ofItsOwn(LAYOUT)) {
    super(place)
    this.#words = new Words(place)
    this.reader = new Reader(place, this.#words)
    this.writer = new Writer(place, this.#words, () => this.reader.isHeldHere)
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(): RWLock {
    return new RWLock(Place.create(LAYOUT))
  }

  /** Process scope, by name; made if it is absent. */
  static open(name: string, options?: OpenOptions): RWLock {
    return new RWLock(Place.open(name, LAYOUT, true, options))
  }

  /** Inside a memory of yours, at `index` (in words); all-zero words are a free lock. */
  static at(memory: Surroundings, index: number): RWLock {
    return new RWLock(Place.at(memory, index, LAYOUT))
  }

  /** How many words `at` needs. */
  static words(): number {
    return LAYOUT.words
  }

  static from(handle: Handle): RWLock {
    return new RWLock(Place.from(KIND, handle, () => LAYOUT.words))
  }

  /** Removes the name; returns whether there was one. Refused while it is in use, unless forced. */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options, ({ memory }) => memory.exchange(WRITER, POISON))
  }

  inspect(): RWLockInspection {
    this.checkOpen()
    const { scope, name, memory, index } = this
    const writer = this.describeAgent(agentOf(memory.load(index + WRITER)))
    const slots = this.#words.slots().map((slot) => memory.load(slot))
    const reading = slots.filter((slot) => slot !== FREE && !waits(slot))
    const readers = reading.map((slot) => this.describeAgent(agentOf(slot)))
    const alive = readers.filter((reader) => reader?.alive === true) as AgentInfo[]
    const waiting = slots.some(waits) || (memory.load(index + WRITER) & WAIT) !== 0
    return { kind: KIND, name, scope, writer, readers: alive, waiting }
  }

  protected finish(): void {
    this.reader.close()
    this.writer.close()
  }
}

/* ---- the words ------------------------------------------------------------------------------------ */

/** The writer's lock, whose steps others take one by one. */
class WriterLock extends Lock {
  override take(async: boolean): Guard | undefined {
    return super.take(async)
  }

  override takeOnce(async: boolean): Guard | undefined {
    return super.takeOnce(async)
  }

  override waiting(async: boolean): Waiting<Guard> {
    return super.waiting(async)
  }
}

/** What readers and writers do to the words of each other. */
class Words {
  readonly memory: Memory
  readonly me: number
  readonly writerLock: WriterLock
  readonly #index: number

  constructor(place: Place) {
    this.memory = place.memory
    this.me = place.memory.self
    this.writerLock = new WriterLock(place)
    this.#index = place.index
  }

  /** The words of the slots that were ever used. */
  slots(): number[] {
    const used = Math.min(this.memory.load(this.#index + USED), SLOTS)
    return Array.from({ length: used }, (_, slot) => this.#index + FIRST_SLOT + slot)
  }

  get writer(): number {
    return agentOf(this.memory.load(this.#index + WRITER))
  }

  /** 0 or dead → me; the slot's word. */
  claimSlot(): number {
    for (let slot = 0; slot < SLOTS; slot++) {
      const word = this.#index + FIRST_SLOT + slot
      const there = this.memory.load(word)
      if (there !== FREE && !this.memory.isDead(agentOf(there))) continue
      this.#raiseUsed(slot + 1) // first: a writer's scan must not stop short of it
      if (this.memory.compareExchange(word, there, this.me) === there) return word
    }
    throw new IpcError('ERR_IPC_FULL', `read: ${SLOTS} threads read already`)
  }

  #raiseUsed(used: number): void {
    for (;;) {
      const now = this.memory.load(this.#index + USED)
      if (now >= used) return
      this.memory.compareExchange(this.#index + USED, now, used)
    }
  }

  /** Whether nobody reads there; clears the slot of a dead reader. */
  isLeft(word: number): boolean {
    const slot = this.memory.load(word)
    if (slot === FREE || waits(slot)) return true
    return (
      this.memory.isDead(agentOf(slot)) && this.memory.compareExchange(word, slot, FREE) === slot
    )
  }

  /** For the writer: FREE when nobody reads there, otherwise what the slot is to sleep on. */
  drain(word: number): number {
    for (;;) {
      if (this.isLeft(word)) return FREE
      const slot = this.memory.load(word)
      if (slot === FREE || waits(slot)) continue
      const announced = slot | DRAIN
      if (slot === announced || this.memory.compareExchange(word, slot, announced) === slot) {
        return announced
      }
    }
  }

  /** any → 0; the writer may sleep on it. */
  leaveSlot(word: number): void {
    const slot = this.memory.exchange(word, FREE)
    if ((slot & DRAIN) !== 0) this.memory.unpark(word, 1)
  }

  /** The holder of WRITER has seen all readers leave; whether the last one who did died there. */
  goInside(): boolean {
    return this.memory.exchange(this.#index + INSIDE, this.me) !== NOBODY
  }

  /** By the holder of WRITER, whose guard this is. */
  releaseWriter(guard: Guard): void {
    this.memory.store(this.#index + INSIDE, NOBODY)
    for (const word of this.slots()) this.#grant(word)
    guard.release()
    for (const word of this.slots()) this.#poke(word)
  }

  /** me + WAIT → me */
  #grant(word: number): void {
    for (;;) {
      const slot = this.memory.load(word)
      if (!waits(slot)) return
      if (this.memory.compareExchange(word, slot, agentOf(slot)) !== slot) continue
      this.memory.unpark(word, 1)
      return
    }
  }

  /** me + WAIT → me + POKE */
  #poke(word: number): void {
    const slot = this.memory.load(word)
    if (!waits(slot) || (slot & DRAIN) !== 0) return
    if (this.memory.compareExchange(word, slot, slot | POKE) === slot) this.memory.unpark(word, 1)
  }
}

/* ---- reading --------------------------------------------------------------------------------------- */

/** What this thread reads, through whichever object. */
interface Reading {
  /** Its slot's word, while it reads or waits. */
  slot: number
  /** Newest last. */
  readonly shares: Share[]
  readonly queue: AsyncQueue<Guard>
}

class Share implements Guard {
  readonly abandoned: boolean
  readonly async: boolean
  readonly reader: Reader
  readonly #reading: Reading

  constructor(reader: Reader, reading: Reading, async: boolean, abandoned: boolean) {
    this.reader = reader
    this.#reading = reading
    this.async = async
    this.abandoned = abandoned
  }

  get held(): boolean {
    return this.#reading.shares.includes(this)
  }

  release(): void {
    if (this.held) this.reader.releaseShare(this)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** The shared side of an RWLock. */
export class Reader extends Acquirable<Guard> {
  readonly #words: Words
  readonly #reading: Reading

  /** @internal */
  constructor(place: Place, words: Words) {
    super(place)
    this.#words = words
    const { memory, index } = place
    this.#reading = localState(memory, index + FIRST_SLOT, () => ({
      slot: NO_SLOT,
      shares: [],
      queue: new AsyncQueue<Guard>(memory),
    }))
  }

  /**
   * Releases the newest share of a blocking form. What an async form took is released by its guard.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread has no such share
   */
  release(): void {
    this.checkOpen()
    const share = this.#reading.shares.findLast((each) => !each.async)
    if (share !== undefined) return this.releaseShare(share)
    const why = 'this thread has no share by a blocking form'
    throw new IpcError('ERR_IPC_NOT_OWNER', `release ${this.description} for reading: ${why}`)
  }

  inspect(): Inspection {
    const { scope, name } = this
    return { kind: KIND, name, scope }
  }

  protected get queue(): AsyncQueue<Guard> {
    return this.#reading.queue
  }

  protected take(async: boolean): Guard | undefined {
    this.checkOpen()
    const { shares, queue } = this.#reading
    if (shares.length > 0) return this.#share(async, false) // also behind a waiting writer
    if (!queue.isEmpty) return undefined
    this.#claim()
    if (this.#words.writer === NOBODY) return this.#share(async, false)
    this.#withdraw()
    return undefined
  }

  protected takeOnce(async: boolean): Guard | undefined {
    if (!this.#reading.queue.isEmpty) return undefined
    const { writer } = this.#words
    if (writer === POISON) this.memory.arm() // throws
    if (!this.memory.isDead(writer)) return undefined
    this.#claim()
    const share = this.#takeOver(async)
    if (share === undefined) this.#withdraw()
    return share
  }

  protected waiting(async: boolean): Waiting<Guard> {
    return {
      owner: this,
      attempt: (sleep) => this.#attempt(sleep, async),
      leave: () => {}, // nobody else sleeps on the slot
      end: () => this.#end(),
    }
  }

  #attempt(sleep: Sleep, async: boolean): Guard | undefined {
    const reading = this.#reading
    if (reading.shares.length > 0) return this.#share(async, false)
    const isNew = reading.slot === NO_SLOT
    this.#claim()
    // Without WAIT, a slot that waited was granted; a new one must look at WRITER first.
    let wasWaiting = !isNew
    for (;;) {
      const slot = this.memory.load(reading.slot)
      if (wasWaiting && !waits(slot)) return this.#share(async, false)
      const { writer } = this.#words
      if (writer === NOBODY) {
        if (!waits(slot)) return this.#share(async, false)
        wasWaiting = !this.#change(slot, this.#words.me) // me + WAIT → me, and look again
        continue
      }
      if (writer === this.#words.me) this.#checkDeadlock(sleep)
      if (this.memory.isDead(writer)) {
        const share = this.#takeOver(async)
        if (share !== undefined) return share
        continue
      }
      const announced = this.#words.me | WAIT
      if (slot === announced) {
        sleep.on(reading.slot, announced)
        return undefined
      }
      if (!this.#change(slot, announced)) continue
      wasWaiting = true
      if (!waits(slot) && (slot & DRAIN) !== 0) this.memory.unpark(reading.slot, 1)
    }
  }

  #checkDeadlock(sleep: Sleep): void {
    if (!sleep.blocking || sleep.deadline !== Infinity) return
    const why = 'this thread writes'
    throw new IpcError('ERR_IPC_DEADLOCK', `acquire ${this.description} for reading: ${why}`)
  }

  /** After a dead writer: takes WRITER, reads, and lets the others go on. */
  #takeOver(async: boolean): Guard | undefined {
    const guard = this.#words.writerLock.takeOnce(false)
    if (guard === undefined) return undefined
    const abandoned = this.#words.goInside()
    this.memory.exchange(this.#reading.slot, this.#words.me) // nobody else writes now
    this.#words.releaseWriter(guard)
    return this.#share(async, abandoned)
  }

  #share(async: boolean, abandoned: boolean): Guard {
    const share = new Share(this, this.#reading, async, abandoned)
    this.#reading.shares.push(share)
    return share
  }

  #change(from: number, to: number): boolean {
    return this.memory.compareExchange(this.#reading.slot, from, to) === from
  }

  #claim(): void {
    if (this.#reading.slot === NO_SLOT) this.#reading.slot = this.#words.claimSlot()
  }

  #withdraw(): void {
    const { slot } = this.#reading
    this.#reading.slot = NO_SLOT
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
    shares.splice(shares.indexOf(share), 1)
    if (shares.length === 0) this.#withdraw()
  }

  /** @internal Whether this thread reads. */
  get isHeldHere(): boolean {
    return this.#reading.shares.length > 0
  }

  protected finish(): void {
    if (this.#reading.shares.some((share) => share.reader === this)) {
      throw new IpcError('ERR_IPC_IN_USE', `close ${this.description}: this thread reads`)
    }
    this.#reading.queue.fail(this.closedError(), this)
  }
}

/* ---- writing --------------------------------------------------------------------------------------- */

/** What this thread writes, through whichever object. */
interface Writing {
  /** Of WRITER, while its readers leave. */
  draining: Guard | null
  guard: WriteGuard | null
  readonly queue: AsyncQueue<Guard>
}

class WriteGuard implements Guard {
  readonly abandoned: boolean
  readonly async: boolean
  readonly writer: Writer
  readonly inner: Guard
  readonly #writing: Writing

  constructor(writer: Writer, writing: Writing, inner: Guard, async: boolean, abandoned: boolean) {
    this.writer = writer
    this.inner = inner
    this.async = async
    this.abandoned = abandoned
    this.#writing = writing
  }

  get held(): boolean {
    return this.#writing.guard === this
  }

  release(): void {
    if (this.held) this.writer.releaseHold(this)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** The exclusive side of an RWLock. */
export class Writer extends Acquirable<Guard> {
  readonly #words: Words
  readonly #writing: Writing
  readonly #readsHere: () => boolean

  /** @internal */
  constructor(place: Place, words: Words, readsHere: () => boolean) {
    super(place)
    this.#words = words
    this.#readsHere = readsHere
    const { memory, index } = place
    this.#writing = localState(memory, index + INSIDE, () => ({
      draining: null,
      guard: null,
      queue: new AsyncQueue<Guard>(memory),
    }))
  }

  /**
   * Releases the hold of a blocking form. What an async form took is released by its guard.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread has no such hold
   */
  release(): void {
    this.checkOpen()
    const { guard } = this.#writing
    if (guard !== null && !guard.async) return this.releaseHold(guard)
    const why = guard === null ? 'this thread does not write' : 'an async form took it'
    throw new IpcError('ERR_IPC_NOT_OWNER', `release ${this.description} for writing: ${why}`)
  }

  inspect(): Inspection {
    const { scope, name } = this
    return { kind: KIND, name, scope }
  }

  protected get queue(): AsyncQueue<Guard> {
    return this.#writing.queue
  }

  protected take(async: boolean): Guard | undefined {
    this.checkOpen()
    return this.#enterOrGiveBack(this.#words.writerLock.take(async), async)
  }

  protected takeOnce(async: boolean): Guard | undefined {
    return this.#enterOrGiveBack(this.#words.writerLock.takeOnce(async), async)
  }

  #enterOrGiveBack(inner: Guard | undefined, async: boolean): Guard | undefined {
    if (inner === undefined) return undefined
    const readers = this.#words.slots().some((word) => !this.#words.isLeft(word))
    if (!readers) return this.#enter(inner, async)
    this.#words.releaseWriter(inner)
    return undefined
  }

  protected waiting(async: boolean): Waiting<Guard> {
    const lock = this.#words.writerLock.waiting(async)
    return {
      owner: this,
      attempt: (sleep) => this.#attempt(sleep, async, lock),
      leave: () => {
        if (this.#writing.draining === null) lock.leave()
      },
      end: () => this.#end(),
    }
  }

  #attempt(sleep: Sleep, async: boolean, lock: Waiting<Guard>): Guard | undefined {
    const writing = this.#writing
    if (sleep.blocking && sleep.deadline === Infinity && this.#readsHere()) {
      const why = 'this thread reads'
      throw new IpcError('ERR_IPC_DEADLOCK', `acquire ${this.description} for writing: ${why}`)
    }
    writing.draining ??= lock.attempt(sleep) ?? null
    if (writing.draining === null) return undefined
    for (const word of this.#words.slots()) {
      const reader = this.#words.drain(word)
      if (reader === FREE) continue
      sleep.on(word, reader)
      return undefined
    }
    const inner = writing.draining
    writing.draining = null
    return this.#enter(inner, async)
  }

  #enter(inner: Guard, async: boolean): Guard {
    const abandoned = this.#words.goInside()
    return (this.#writing.guard = new WriteGuard(this, this.#writing, inner, async, abandoned))
  }

  /** Nobody in this thread waits any more: gives up WRITER, if it only waited for the readers. */
  #end(): void {
    const { draining, queue } = this.#writing
    if (draining === null || !queue.isEmpty) return
    this.#writing.draining = null
    this.#words.releaseWriter(draining)
  }

  /** @internal */
  releaseHold(guard: WriteGuard): void {
    this.#writing.guard = null
    this.#words.releaseWriter(guard.inner)
    this.queue.serve()
  }

  protected finish(): void {
    if (this.#writing.guard?.writer === this) {
      throw new IpcError('ERR_IPC_IN_USE', `close ${this.description}: this thread writes`)
    }
    this.#writing.queue.fail(this.closedError(), this)
  }
}

const LAYOUT: Layout = { kind: KIND, words: FIRST_SLOT + SLOTS, options: [0, 0, 0, 0] }
