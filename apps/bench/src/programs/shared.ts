import { setTimeout as sleep } from 'node:timers/promises'
import process from 'node:process'

/** The words that the sides of one work share; the rivals in C and Python have the same fields. */
const STATE = 0
const GO = 1
const READY = 2
const PHASE = 3
const FIRST = 16
const SECOND = 17
const LAST = 18
const SWITCHES = 19
const DONE = 32
const COUNTED = 96
const INTS = 160

/** The phases of the work that contends. */
export const WARMING_UP = 0
export const COUNTING = 1
export const STOPPED = 2

const STAMP = 0

export const SAMPLES = 10_000
export const BYTES: number = 4 * INTS + 8 * (1 + SAMPLES)

export class Shared {
  readonly #ints: Int32Array
  readonly #floats: Float64Array

  constructor(buffer: ArrayBuffer | SharedArrayBuffer) {
    this.#ints = new Int32Array(buffer, 0, INTS)
    this.#floats = new Float64Array(buffer, 4 * INTS)
  }

  get state(): number {
    return Atomics.load(this.#ints, STATE)
  }

  set state(state: number) {
    Atomics.store(this.#ints, STATE, state)
  }

  get phase(): number {
    return Atomics.load(this.#ints, PHASE)
  }

  set phase(phase: number) {
    Atomics.store(this.#ints, PHASE, phase)
  }

  async awaitPhase(phase: number): Promise<void> {
    while (this.phase !== phase) await sleep(1)
  }

  /** Says that one of the sides is ready, and waits until all may go. */
  async ready(): Promise<void> {
    Atomics.add(this.#ints, READY, 1)
    while (Atomics.load(this.#ints, GO) === 0) await sleep(1)
  }

  async go(sides: number): Promise<void> {
    while (Atomics.load(this.#ints, READY) < sides) await sleep(1)
    Atomics.store(this.#ints, GO, 1)
  }

  /**
   * Adds one to the counter, which is wrong if two sides were ever inside at once: its two words are
   * changed one after the other. Notes who was inside last, too.
   */
  criticalSection(me: number): void {
    const words = this.#ints
    words[FIRST] = words[FIRST]! + 1
    if (words[LAST] !== me + 1) {
      words[LAST] = me + 1
      words[SWITCHES] = words[SWITCHES]! + 1
    }
    words[SECOND] = words[SECOND]! + 1
  }

  /** Whether the counter says that there were `entries`. */
  isCorrect(entries: number): boolean {
    return this.#ints[FIRST] === entries && this.#ints[SECOND] === entries
  }

  get switches(): number {
    return this.#ints[SWITCHES]!
  }

  /** Notes how often a side was inside, and how many of these entries count. */
  done(me: number, times: number, counted: number): void {
    Atomics.store(this.#ints, DONE + me, times)
    Atomics.store(this.#ints, COUNTED + me, counted)
  }

  doneByAll(sides: number): { times: number; counted: number } {
    const sum = (from: number): number =>
      this.#ints.subarray(from, from + sides).reduce((total, times) => total + times, 0)
    return { times: sum(DONE), counted: sum(COUNTED) }
  }

  stamp(): void {
    this.#floats[STAMP] = nowNs()
  }

  get stamped(): number {
    return this.#floats[STAMP]!
  }

  sample(i: number, ns: number): void {
    this.#floats[1 + i] = ns
  }

  /** Notes the time since the stamp. */
  sampleNow(i: number): void {
    this.sample(i, nowNs() - this.stamped)
  }

  /**
   * Notes how long the round trip took that began at `then`, in ms of `performance.now()`, and ends
   * now. Trips with a negative number are the warm-up and do not count. Returns now.
   */
  sampleTrip(i: number, then: number): number {
    const now = performance.now()
    if (i >= 0) this.sample(i, (now - then) * 1e6)
    return now
  }

  samples(count: number): number[] {
    return [...this.#floats.subarray(1, 1 + count)]
  }
}

/** Reads the clock that is the same in all processes. */
export function nowNs(): number {
  const [seconds, ns] = process.hrtime()
  return seconds * 1e9 + ns
}
