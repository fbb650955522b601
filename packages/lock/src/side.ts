import { Acquirable, type Guard, type Place } from '@ipc/core'
import type { RWLock, RWLockInspection } from './rwlock.ts'

/** One side of an RWLock. It is looked at and closed as a whole. */
export abstract class Side extends Acquirable<Guard> {
  protected readonly whole: RWLock

  constructor(place: Place, whole: RWLock) {
    super(place)
    this.whole = whole
  }

  inspect(): RWLockInspection {
    return this.whole.inspect()
  }

  /** Closes both sides. */
  override close(): void {
    this.whole.close()
  }

  /** @internal Throws when this thread holds it through this object. */
  abstract checkUnheld(): void

  /** @internal The end of the use through this object. */
  shut(): void {
    this.finish()
    this.closed = true
  }

  protected finish(): void {
    this.queue.fail(this.closedError(), this)
  }
}
