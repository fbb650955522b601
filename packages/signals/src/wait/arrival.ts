import {
  abortWith,
  EARLY_MS,
  ignoreAbort,
  keepAlive,
  letGo,
  LONGEST_TIMER_MS,
  now,
  timers,
  type Abortable,
  type Timers,
} from '@ipc/core/author'
import { drainAll } from '../receive/delivery.ts'
import type { SignalInfo } from '../names/info.ts'

/** Something that ends once a signal has come. */
export interface Expected {
  readonly info: SignalInfo | null
  end(): void
}

export interface Awaited extends Expected {
  /** Calls back at once if it has come already. */
  onArrival(callback: () => void): void
}

/** Resolves to the signal that has come, or to null in time; keeps the process alive until then. */
export function arrival(
  awaited: Awaited,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<SignalInfo | null> {
  return new Promise((resolve, reject) => {
    new Arrival(awaited, timeoutMs, signal, resolve, reject).begin()
  })
}

class Arrival implements Abortable {
  readonly #awaited: Awaited
  readonly #deadline: number
  readonly #signal: AbortSignal | undefined
  readonly #resolve: (info: SignalInfo | null) => void
  readonly #reject: (reason: unknown) => void
  #timers: Timers | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isLastTimer = false
  #hasEnded = false

  constructor(
    awaited: Awaited,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (info: SignalInfo | null) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#awaited = awaited
    this.#deadline = now() + timeoutMs
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    keepAlive()
    if (this.#signal !== undefined) abortWith(this.#signal, this)
    if (this.#deadline !== Infinity) this.#setTimer(this.#deadline - now())
    this.#awaited.onArrival(() => this.#settle())
  }

  abort(reason: unknown): void {
    if (this.#end()) this.#reject(reason)
  }

  #setTimer(left: number): void {
    this.#isLastTimer = left <= LONGEST_TIMER_MS
    const ms = Math.min(Math.ceil(left), LONGEST_TIMER_MS)
    this.#timers = timers()
    this.#timer = this.#timers.setTimeout(() => this.#expire(), ms)
  }

  /**
   * A timer may be a moment early, and cannot be arbitrarily long; one that is much earlier than the
   * clock is a test's, and is believed. A signal that the loop has not seen yet has come in time.
   */
  #expire(): void {
    const left = this.#deadline - now()
    const isOver = left <= 0 || (this.#isLastTimer && left > EARLY_MS)
    if (!isOver) return this.#setTimer(left)
    try {
      drainAll()
    } finally {
      this.#settle()
    }
  }

  #settle(): void {
    if (this.#end()) this.#resolve(this.#awaited.info)
  }

  /** Returns false if it has ended already: a signal that the time-out still found has ended it. */
  #end(): boolean {
    if (this.#hasEnded) return false
    this.#hasEnded = true
    this.#timers?.clearTimeout(this.#timer)
    letGo()
    if (this.#signal !== undefined) ignoreAbort(this.#signal, this)
    this.#awaited.end()
    return true
  }
}
