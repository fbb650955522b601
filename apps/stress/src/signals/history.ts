/**
 * The memory that the receiver, its senders and the harness share: a clock that stamps everything,
 * how far each has come, and what each has done. It survives whoever is killed.
 *
 * All offsets are in words; what different processes write lies on different cache lines.
 */
import { SharedMemory } from '@ipc/core'
import { MAX_SENDERS } from './program.ts'

const LINE = 16
const RECORD = 8

const CLOCK = 0
const STEP = LINE
const STOP = 2 * LINE
const PROGRESS = 3 * LINE
const TRACKS = PROGRESS + MAX_SENDERS * LINE

/** The receiver's track. A step is one record, and so is a delivery. */
export const RECEIVER: number = MAX_SENDERS
const CAPACITY = [...Array.from({ length: MAX_SENDERS }, () => 1024), 8192]
const trackAt = (track: number): number =>
  CAPACITY.slice(0, track).reduce((sum, records) => sum + LINE + records * RECORD, TRACKS)
const STARTS = CAPACITY.map((_, track) => trackAt(track))

/** A sender that has nothing left to do, or is dead. */
export const FINISHED = 0x7fffffff

/** The words of a record. `end` is 0 while it runs, and stays so if its process dies. */
const FIELD = { what: 0, a: 1, b: 2, c: 3, begin: 4, end: 5, result: 6, time: 7 } as const

export type Entry = { readonly [field in keyof typeof FIELD]: number }

export class History {
  readonly memory: SharedMemory
  readonly #words: Int32Array

  private constructor(memory: SharedMemory) {
    this.memory = memory
    this.#words = new Int32Array(memory.buffer)
  }

  static create(): History {
    return new History(SharedMemory.create({ byteLength: trackAt(CAPACITY.length) * 4 }))
  }

  static from(handle: unknown): History {
    return new History(SharedMemory.from(handle))
  }

  /** Called before a program; nobody may be running. */
  reset(): void {
    this.#words.fill(0, 0, TRACKS)
    for (const start of STARTS) this.#words[start] = 0
  }

  /** Answers with the next moment: 1, 2, 3… */
  stamp(): number {
    return Atomics.add(this.#words, CLOCK, 1) + 1
  }

  get now(): number {
    return Atomics.load(this.#words, CLOCK)
  }

  /** The step that the receiver has come to, counted from 1. */
  get step(): number {
    return Atomics.load(this.#words, STEP)
  }

  set step(step: number) {
    Atomics.store(this.#words, STEP, step)
  }

  /** Whether the receiver is gone, so that nobody may send to it any more. */
  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) === 1
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1)
  }

  /** The step for which a sender sends next. */
  progressOf(sender: number): number {
    return Atomics.load(this.#words, PROGRESS + sender * LINE)
  }

  setProgress(sender: number, step: number): void {
    Atomics.store(this.#words, PROGRESS + sender * LINE, step)
  }

  entries(track: number): Entry[] {
    const length = Atomics.load(this.#words, STARTS[track]!)
    return Array.from({ length }, (_, i) => {
      const at = STARTS[track]! + LINE + i * RECORD
      const field = (offset: number): number => this.#words[at + offset]!
      return {
        what: field(FIELD.what),
        a: field(FIELD.a),
        b: field(FIELD.b),
        c: field(FIELD.c),
        begin: field(FIELD.begin),
        end: field(FIELD.end),
        result: field(FIELD.result),
        time: field(FIELD.time),
      }
    })
  }

  /** Answers where the record is; throws when there is no room. */
  begin(track: number, what: number, a: number, b: number, c: number): number {
    const words = this.#words
    const start = STARTS[track]!
    const length = words[start]!
    if (length === CAPACITY[track]) throw new Error('the history of a process is full')
    const at = start + LINE + length * RECORD
    words[at + FIELD.what] = what
    words[at + FIELD.a] = a
    words[at + FIELD.b] = b
    words[at + FIELD.c] = c
    words[at + FIELD.end] = 0
    words[at + FIELD.result] = 0
    words[at + FIELD.time] = 0
    words[at + FIELD.begin] = this.stamp()
    Atomics.store(words, start, length + 1)
    return at
  }

  end(at: number, result: number, time: number = 0): void {
    this.note(at, this.stamp(), result, time)
  }

  /** Fills in how a record ends; events without a duration use it directly. */
  note(at: number, end: number, result: number, time: number): void {
    this.#words[at + FIELD.result] = result
    this.#words[at + FIELD.time] = time
    this.#words[at + FIELD.end] = end
  }
}
