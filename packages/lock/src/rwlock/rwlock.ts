/**
 * RWLock: many readers or one writer. Neither side starves: readers that come while a writer waits
 * wait behind it, except those of a thread that reads already, and a writer that releases lets in
 * all readers that wait. So one thread whose shares always overlap keeps writers out forever.
 *
 * WRITER is a `Lock` of its own, with the words of one. After it come WITNESS; USED, which says how many
 * slots were ever taken; and the slots, one for each thread that reads or waits to (the thread itself
 * counts its shares):
 *
 *   | slot             | who sleeps on it      | who leaves the state                               |
 *   |------------------|-----------------------|----------------------------------------------------|
 *   | FREE             | nobody                | a reader → me                                      |
 *   | me               | nobody                | me → FREE, or → me + WAIT if there is a writer     |
 *   | me + DRAIN       | the writer            | as me, and wakes the writer; or reads: see below   |
 *   | me + WAIT        | the reader            | a writer that releases → me: granted, wakes it;    |
 *   |                  |                       | or → POKE; the reader → me if there is no writer,  |
 *   |                  |                       | → FREE if it gives up                              |
 *   | me + WAIT + POKE | the reader just woken | the reader → me + WAIT, and checks WRITER again;   |
 *   |                  |                       | as me + WAIT                                       |
 *   | dead, any bits   | the death woke them   | dead → FREE by a writer; → me by a new reader      |
 *
 * A slot without WAIT counts as reading. A reader stores its slot, then checks WRITER; a writer
 * stores WRITER, then checks the slots. So at least one of the two sees the other: a reader that
 * sees a writer sets WAIT and checks once more before it sleeps; a writer waits, slot by slot, for
 * FREE, WAIT or death. A reader that takes WAIT back must check WRITER again:
 *
 *   T1 sees no writer | T2 takes WRITER, sees WAIT, goes inside | T1 WAIT → me
 *
 * USED is raised before a slot is taken, so a writer that scans fewer slots had stored WRITER before
 * the reader of the next one checks it. USED is never lowered. DRAIN without cause costs a wake.
 *
 * Only the holder of WRITER releases: it grants every WAIT slot, frees WRITER, then pokes. The grants
 * come first, so no later writer overtakes a reader that was seen. The poke is for one that was not:
 *
 *   T1 grants nobody | T2 sets WAIT, sees the writer | T1 frees WRITER | T2 sleeps forever
 *
 * and it is a bit and not only a wake, because T2 may be just about to sleep. A reader that was poked
 * could be overtaken again and again, by writers that release just when it checks:
 *
 *   T2 sees no writer | T1 is inside | T2 WAIT → me | T1 grants nobody | T2 me → WAIT, sleeps
 *
 * so a release sets DRAIN in the slots without WAIT, and a reader that has waited and finds DRAIN
 * reads. No matter who set DRAIN, nobody can be inside: a writer that releases has left, and one that
 * waits for the slot waits until the reader leaves it. A new reader sets WAIT all the same, or readers
 * that come again and again would overtake the writer.
 *
 * WITNESS is the writer that has seen all readers leave, until it releases. If that writer is dead, the
 * state may be half-written. Then the next to hold the lock is told, and takes its place: a writer
 * when it goes inside, a reader when it is let in, until it leaves. So if that one dies too, the next
 * is told again, and if all goes well nobody is told twice. A reader that is let in never finds a
 * living writer there, because a writer stores 0 before it grants or frees anything.
 *
 * An agent that finds a dead writer takes WRITER over; a reader does so only to release it at once.
 * The reader must not touch WITNESS then: that writer may have died inside.
 */
import { type AgentInfo, type Handle, type OpenOptions, type UnlinkOptions } from '@ipc/core'
import { Place, Primitive, POISON, unlinkName, type Surroundings } from '@ipc/core/author'
import { Reader } from './reader.ts'
import { agentOf, FREE, isWaiting, KIND, LAYOUT, Words, WRITER, WriterLock } from './words.ts'
import type { RWLockInspection } from './side.ts'
import { Writer } from './writer.ts'

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
  readonly #lock: WriterLock

  /** Thread scope; shared by its `handle`. */
  constructor(place: Place = Place.ofItsOwn(LAYOUT)) {
    super(place)
    this.#words = new Words(place)
    this.#lock = new WriterLock(place, this.#words)
    this.reader = new Reader(place, this, this.#words, this.#lock)
    this.writer = new Writer(place, this, this.#words, this.#lock, this.reader)
    this.#lock.beforeRelease = () => this.reader.askAgain()
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
    return new RWLock(Place.from(KIND, handle, () => LAYOUT))
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options, {
      layoutOf: () => LAYOUT,
      poison: ({ memory }) => memory.exchange(WRITER, POISON),
    })
  }

  inspect(): RWLockInspection {
    this.checkOpen()
    const { owner: writer, waiting: writersWait } = this.#lock.inspect()
    const readers: AgentInfo[] = []
    let readersWait = false
    for (const slot of this.#words.slots()) {
      const agent = agentOf(slot)
      if (slot === FREE || this.memory.isDead(agent)) continue
      const info = this.describeAgent(agent)
      if (isWaiting(slot)) readersWait = true
      else if (info !== null) readers.push(info)
    }
    return { ...this.inspection, writer, readers, waiting: writersWait || readersWait }
  }

  protected finish(): void {
    this.reader.checkUnheld()
    this.writer.checkUnheld()
    this.reader.shut()
    this.writer.shut()
  }
}
