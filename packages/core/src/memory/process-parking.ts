import type { Native, NativeFile, OpenedFile } from '@ipc/native'
import { now } from '../waiting/clock.ts'
import type { Domain } from '../agents/domain.ts'
import { callAddon, IpcError } from '../errors.ts'
import type { ParkResult, Ticket, Wake, Watch } from './memory.ts'
import type { NoteId, Notes } from '../agents/notes.ts'
import type { Parking } from './parking.ts'
import { interruption } from '../waiting/interruption.ts'
import { Wakes } from '../waiting/wakes.ts'

/** In the addon's order. */
const RESULTS: readonly ParkResult[] = ['woken', 'changed', 'death', 'timed-out', 'interrupted']

/** A file can lose its name without anyone waking us: waiters that contend check for it this often. */
const LINK_CHECK_MS = 1000
/** Waiters that only sleep check for it this often. */
const IDLE_LINK_CHECK_MS = 30_000
/** A sleep of this length ended because nothing happened. */
const IDLE_MS = 200

/** Sleep on a mapped file: futexes, and a parking thread for asynchronous waits. */
export class ProcessParking implements Parking {
  /** The whole file: its header, and from #data on what the primitives see. */
  readonly #words: Int32Array
  readonly #native: Native
  readonly #file: NativeFile
  readonly #id: readonly number[]
  readonly #notes: Notes
  readonly #what: string
  readonly #roster: number
  readonly #poison: number
  readonly #data: number
  #armedAt = 0
  #lastLinkCheck = -Infinity
  #hasSlept = false
  #idle = false
  /** Others must hear of the death that ended a sleep. */
  #owes = false

  constructor(words: Int32Array, { native, agents }: Domain, opened: OpenedFile, what: string) {
    this.#words = words
    this.#native = native
    this.#file = opened.external
    this.#id = opened.id
    this.#notes = agents.notes
    this.#what = what
    this.#roster = native.layout.roster
    this.#poison = native.layout.poison
    this.#data = native.layout.data
  }

  arm(): Watch {
    const roster = Atomics.load(this.#words, this.#roster)
    this.#checkName()
    return roster
  }

  #checkName(): void {
    let gone = Atomics.load(this.#words, this.#poison) !== 0
    const time = now()
    if (this.#hasSlept) {
      this.#hasSlept = false
      this.#idle = time - this.#armedAt > IDLE_MS
    }
    this.#armedAt = time
    if (!gone && time - this.#lastLinkCheck > (this.#idle ? IDLE_LINK_CHECK_MS : LINK_CHECK_MS)) {
      this.#lastLinkCheck = time
      gone = !this.#native.isLinked(this.#file)
    }
    if (!gone) return
    this.#lastLinkCheck = -Infinity
    throw new IpcError('ERR_IPC_UNLINKED', `use ${this.#what}: its file was removed`)
  }

  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult {
    const signals = interruption()
    const sequence = signals === null ? 0 : signals.drain()
    const left = deadline === Infinity ? Infinity : deadline - now()
    if (left <= 0) return 'timed-out'
    this.#hasSlept = true
    const result = this.#native.park(
      this.#file,
      this.#data + index,
      expected,
      watch,
      left,
      signals !== null,
      sequence,
    )
    const ended = RESULTS[result]!
    this.#owes = ended === 'death'
    return ended
  }

  passOnDeaths(): void {
    if (!this.#owes) return
    this.#owes = false
    this.#native.passOnDeaths(this.#file)
  }

  parkAsync(index: number, expected: number, watch: Watch, wake: Wake, hasLooked: boolean): Ticket {
    this.#hasSlept = true
    const word = this.#data + index
    const wakes = Wakes.of(this.#native)
    const id = wakes.add(
      (realm) =>
        callAddon(() => this.#native.ticket(this.#file, word, expected, watch, realm, hasLooked)),
      wake,
    )
    return { cancel: () => wakes.cancel(id) }
  }

  unpark(index: number, count: number): number {
    return this.#native.wake(this.#file, this.#data + index, count)
  }

  noteWait(index: number, blocked: boolean): NoteId {
    return this.#notes.wait(this.#id, index, blocked)
  }

  endNote(note: NoteId): void {
    this.#notes.end(note)
  }
}
