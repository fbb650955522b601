import { type Guard } from '@ipc/core'
import { AsyncQueue, type Memory } from '@ipc/core/author'
/** The state of one lock in this thread, whichever object the thread uses. */
export interface Hold {
  /** The guard of the hold that this thread has, whichever object acquired it. */
  guard: LockGuard | null
  readonly queue: AsyncQueue<LockGuard>
  /** How many times in a row this thread has handed the lock to itself. */
  handovers: number
}

export function newHold(memory: Memory): Hold {
  return { guard: null, queue: new AsyncQueue(memory), handovers: 0 }
}

/** The part of a Lock that its guards use. */
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
