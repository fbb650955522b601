import { type Guard } from '@ipc/core'
import { AsyncQueue, type Memory } from '@ipc/core/author'
/** What this thread knows of one lock. */
export interface Hold {
  /** Of the hold that this thread has, through whichever object. */
  guard: LockGuard | null
  readonly queue: AsyncQueue<LockGuard>
  /** In a row, from this thread to itself. */
  handovers: number
}

export function newHold(memory: Memory): Hold {
  return { guard: null, queue: new AsyncQueue(memory), handovers: 0 }
}

/** A Lock, for its guards. */
interface Held {
  releaseHold(): void
}

/** One hold of a Lock. Not exported by the package. */
export class LockGuard implements Guard {
  abandoned: boolean
  /** @internal */
  readonly lock: Held
  /** @internal */
  readonly async: boolean
  readonly #hold: Hold

  constructor(lock: Held, hold: Hold, async: boolean, abandoned: boolean) {
    this.lock = lock
    this.async = async
    this.abandoned = abandoned
    this.#hold = hold
  }

  get held(): boolean {
    return this.#hold.guard === this
  }

  release(): void {
    if (this.#hold.guard === this) this.lock.releaseHold()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
