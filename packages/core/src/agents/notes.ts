/**
 * The notes that an agent writes about itself into its slot of the registry, for people who look from
 * outside (`ipc ls`). Nothing depends on them. It writes them on slow paths only: before a promise waits,
 * and when a blocked thread has slept a while in vain, at most a quarter of a second.
 *
 * COMMAND: the process that it runs under what it holds, and since when. Then one record for each
 * thing that it waits for: STATE, the object's id, the index of the word, since when. STATE is stored
 * last and cleared first.
 */
const COMMAND = 0
const COMMAND_SINCE = 1
const FIRST_WAIT = 3
const WAITS = 7
const WAIT_WORDS = 6

const STATE = 0
const ID = 1
const INDEX = 3
const SINCE = 4

const NONE = 0
const BLOCKED = 1
const PROMISED = 2

/** Names the record to end; there may have been no room for it. */
export type NoteId = number
export const NO_NOTE: NoteId = -1

/** One thing that an agent waits for. */
export interface NotedWait {
  /** The object's id: 16 hexadecimal digits. */
  readonly id: string
  /** The word on which it sleeps. */
  readonly index: number
  /** Whether its thread is blocked; if not, a promise of the thread waits. */
  readonly blocked: boolean
  readonly since: Date
}

/** The command that an agent runs. */
export interface NotedCommand {
  readonly pid: number
  readonly since: Date
}

export class Notes {
  readonly #words: Int32Array
  readonly #at: number

  constructor(words: Int32Array, at: number) {
    this.#words = words
    this.#at = at
  }

  /** The agent itself calls this, when it is about to sleep. */
  wait(id: readonly number[], index: number, blocked: boolean): NoteId {
    for (let note = 0; note < WAITS; note++) {
      const at = this.#waitAt(note)
      if (Atomics.load(this.#words, at + STATE) !== NONE) continue
      Atomics.store(this.#words, at + ID, id[0]!)
      Atomics.store(this.#words, at + ID + 1, id[1]!)
      Atomics.store(this.#words, at + INDEX, index)
      this.#storeNow(at + SINCE)
      Atomics.store(this.#words, at + STATE, blocked ? BLOCKED : PROMISED)
      return note
    }
    return NO_NOTE
  }

  end(note: NoteId): void {
    if (note !== NO_NOTE) Atomics.store(this.#words, this.#waitAt(note) + STATE, NONE)
  }

  waits(): NotedWait[] {
    const waits: NotedWait[] = []
    for (let note = 0; note < WAITS; note++) {
      const at = this.#waitAt(note)
      const state = Atomics.load(this.#words, at + STATE)
      if (state === NONE) continue
      waits.push({
        id: idText([this.#load(at + ID), this.#load(at + ID + 1)]),
        index: this.#load(at + INDEX),
        blocked: state === BLOCKED,
        since: this.#loadTime(at + SINCE),
      })
    }
    return waits
  }

  /** The agent itself sets this. */
  set command(pid: number) {
    this.#storeNow(this.#at + COMMAND_SINCE)
    Atomics.store(this.#words, this.#at + COMMAND, pid)
  }

  get command(): NotedCommand | null {
    const pid = this.#load(this.#at + COMMAND)
    return pid === 0 ? null : { pid, since: this.#loadTime(this.#at + COMMAND_SINCE) }
  }

  #waitAt(note: NoteId): number {
    return this.#at + FIRST_WAIT + note * WAIT_WORDS
  }

  #load(index: number): number {
    return Atomics.load(this.#words, index)
  }

  #storeNow(index: number): void {
    const now = Date.now()
    Atomics.store(this.#words, index, Math.floor(now / 1000) | 0)
    Atomics.store(this.#words, index + 1, now % 1000)
  }

  #loadTime(index: number): Date {
    return new Date((this.#load(index) >>> 0) * 1000 + this.#load(index + 1))
  }
}

/** An object's id, as handles have it. */
export function idText(id: readonly number[]): string {
  return id.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

export function idWords(id: string): number[] {
  return [id.slice(0, 8), id.slice(8)].map((digits) => Number.parseInt(digits, 16) | 0)
}
