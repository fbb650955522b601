/**
 * The memory that all agents of a run share with the harness. In it are the clock that stamps
 * operations, the counters that critical sections write, and what each track has done: so the
 * history of an agent survives it, whatever killed it.
 *
 * All offsets are in words. What different agents write lies on different cache lines.
 */
import { processScope, SharedMemory } from '@ipc/core'
import { MAX_AGENTS, MAX_OBJECTS, MAX_TRACKS } from '../program/program.ts'

const LINE = 16

const CLOCK = 0
const COUNTERS = CLOCK + LINE
const TRACKS = COUNTERS + MAX_OBJECTS * LINE

const MAX_RECORDS = 1024
const RECORD = 8
const TRACK = LINE + MAX_RECORDS * RECORD

/** The track of the harness itself, after those of the agents. */
export const HARNESS_TRACK: number = MAX_AGENTS * MAX_TRACKS
const WORDS = TRACKS + (HARNESS_TRACK + 1) * TRACK

/**
 * The counter of one lock: two words that only its owner writes, and that it must always find equal. `items`
 * is the number of items that consumers take while they hold the lock of a condition.
 */
export const COUNTER = { first: 0, second: 1, torn: 2, items: 3 } as const

/** The fields of the record of one operation. `end` is 0 while it runs, and stays 0 if its agent dies. */
export const FIELD = {
  what: 0,
  object: 1,
  argument: 2,
  begin: 3,
  end: 4,
  result: 5,
  step: 6,
  microseconds: 7,
} as const

export class Arena {
  readonly memory: SharedMemory
  readonly words: Int32Array

  private constructor(memory: SharedMemory) {
    this.memory = memory
    this.words = new Int32Array(memory.buffer)
  }

  static create(): Arena {
    const options = { byteLength: WORDS * 4 }
    const { supported } = processScope
    return new Arena(supported ? SharedMemory.create(options) : new SharedMemory(options))
  }

  static from(handle: unknown): Arena {
    return new Arena(SharedMemory.from(handle))
  }

  /** Called before a program; nobody may be running. */
  reset(): void {
    this.words.fill(0, 0, TRACKS)
    for (let track = 0; track <= HARNESS_TRACK; track++) this.words[trackAt(track)] = 0
  }

  /** Answers with the next moment: 1, 2, 3… */
  stamp(): number {
    return Atomics.add(this.words, CLOCK, 1) + 1
  }

  /** The latest moment so far. */
  get now(): number {
    return Atomics.load(this.words, CLOCK)
  }

  /** Answers where the counter of an object is. */
  counter(object: number): number {
    return COUNTERS + object * LINE
  }

  /** Answers how many operations a track has begun. */
  length(track: number): number {
    return Atomics.load(this.words, trackAt(track))
  }

  /** Answers where a record of a track is. */
  record(track: number, i: number): number {
    return trackAt(track) + LINE + i * RECORD
  }
}

/** Records what one track does. */
export class Recorder {
  readonly #arena: Arena
  readonly #track: number
  #length = 0

  constructor(arena: Arena, track: number) {
    this.#arena = arena
    this.#track = track
  }

  /** Called just before the operation; answers where its record is. */
  begin(what: number, object: number, argument: number, step: number): number {
    if (this.#length === MAX_RECORDS) throw new Error('the history of a track is full')
    const { words } = this.#arena
    const at = this.#arena.record(this.#track, this.#length++)
    words[at + FIELD.what] = what
    words[at + FIELD.object] = object
    words[at + FIELD.argument] = argument
    words[at + FIELD.end] = 0
    words[at + FIELD.result] = 0
    words[at + FIELD.step] = step
    words[at + FIELD.microseconds] = microseconds()
    words[at + FIELD.begin] = this.#arena.stamp()
    Atomics.store(words, trackAt(this.#track), this.#length)
    return at
  }

  /** Called just after the operation. */
  end(at: number, result: number): void {
    const { words } = this.#arena
    words[at + FIELD.result] = result
    words[at + FIELD.end] = this.#arena.stamp()
    words[at + FIELD.microseconds] = (microseconds() - words[at + FIELD.microseconds]!) | 0
  }
}

/** Reads this thread's own clock; only differences mean anything. */
function microseconds(): number {
  return (performance.now() * 1000) | 0
}

function trackAt(track: number): number {
  return TRACKS + track * TRACK
}

export function trackOf(agent: number, track: number): number {
  return agent * MAX_TRACKS + track
}
