import { platform } from '#platform'
import { now } from '../waiting/clock.ts'
import { IpcError } from '../errors.ts'
import { interruption } from '../waiting/interruption.ts'
import type { ParkResult, Ticket, Wake } from './memory.ts'
import type { Parking } from './parking.ts'

/**
 * How often a sleeper looks at its words by itself. Nothing wakes it when another worker is
 * terminated, be it the owner or one that was just given a wake.
 */
const RECHECK_MS = 50

/** How often a thread that can be interrupted by signals looks for them. */
const INTERRUPTION_SLICE_MS = 5

/** Sleep on a SharedArrayBuffer. */
export class ThreadParking implements Parking {
  readonly #words: Int32Array

  constructor(words: Int32Array) {
    this.#words = words
  }

  /** Nobody is watched; see RECHECK_MS. */
  arm(): number {
    return 0
  }

  park(index: number, expected: number, deadline: number): ParkResult {
    const signals = interruption()
    signals?.drain()
    const slice = signals?.active ? INTERRUPTION_SLICE_MS : RECHECK_MS
    const left = deadline === Infinity ? Infinity : deadline - now()
    if (left <= 0) return 'timed-out'
    const result = this.#wait(index, expected, Math.min(left, slice))
    if (result === 'ok') return 'woken'
    return result === 'timed-out' && left <= slice ? 'timed-out' : 'changed'
  }

  #wait(index: number, expected: number, ms: number): 'ok' | 'not-equal' | 'timed-out' {
    try {
      return Atomics.wait(this.#words, index, expected, ms)
    } catch (cause) {
      const error = new IpcError(
        'ERR_IPC_UNSUPPORTED',
        'block this thread: it may not (the main thread of a web page); use the asynchronous form',
      )
      throw Object.assign(error, { cause })
    }
  }

  /**
   * `Atomics.waitAsync` cannot be cancelled, so it is never long. Each of these sleeps is begun by the
   * end of the one before: in the async context of the first, that would be kept by all who come later.
   */
  parkAsync(index: number, expected: number, _watch: number, wake: Wake): Ticket {
    if (typeof Atomics.waitAsync !== 'function') throw withoutWaitAsync()
    platform.outside(() => {
      const result = Atomics.waitAsync(this.#words, index, expected, RECHECK_MS)
      if (result.async) {
        void result.value.then((value) => wake(value === 'ok' ? 'woken' : 'changed'))
      } else void Promise.resolve('changed' as const).then(wake) // no microtask that a test replaces
    })
    return NEVER_CANCELLED
  }

  unpark(index: number, count: number): number {
    return Atomics.notify(this.#words, index, count)
  }
}

function withoutWaitAsync(): IpcError {
  return new IpcError(
    'ERR_IPC_UNSUPPORTED',
    'wait asynchronously: this runtime has no Atomics.waitAsync; use a newer one, or the blocking form ' +
      'in a worker',
  )
}

const NEVER_CANCELLED: Ticket = { cancel: () => false }
