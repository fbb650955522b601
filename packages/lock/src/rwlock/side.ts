import { type AgentInfo, type Guard, type Inspection } from '@ipc/core'
import { Acquirable, type Place } from '@ipc/core/author'

export interface RWLockInspection extends Inspection {
  /** The agent that writes, or waits for the last readers to leave. */
  readonly writer: AgentInfo | null
  readonly readers: readonly AgentInfo[]
  /** Whether somebody sleeps on it; may be true a little longer than somebody does. */
  readonly waiting: boolean
}

/** The RWLock that a side belongs to, as far as a side needs it. */
export interface Whole {
  inspect(): RWLockInspection
  close(): void
}

/** One side of an RWLock. Both sides are inspected and closed together. */
export abstract class Side extends Acquirable<Guard> {
  readonly #whole: Whole

  constructor(place: Place, whole: Whole) {
    super(place)
    this.#whole = whole
  }

  inspect(): RWLockInspection {
    return this.#whole.inspect()
  }

  /** Closes both sides. */
  override close(): void {
    this.#whole.close()
  }

  /** @internal Throws when this thread holds it through this object. */
  abstract checkUnheld(): void

  /** @internal Ends the use through this object. */
  shut(): void {
    this.finish()
    this.closed = true
  }

  protected finish(): void {
    this.queue.fail(this.closedError(), this)
  }
}
