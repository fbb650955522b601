import type { Guard } from '@ipc/core'
import type { AgentId, Sleep } from '@ipc/core/author'

/** Where a semaphore's permits are and how they are taken; two files implement it. */
export interface Permits {
  /** How many are free. */
  readonly value: number
  /** The owners of those that are taken, one for each, dead or alive; null where nobody owns them. */
  readonly owners: readonly AgentId[] | null
  /** Whether somebody sleeps; may be true a little longer than somebody does. */
  readonly waiting: boolean
  /** Takes one that is free. */
  take(by: Taker): Guard | undefined
  /** Takes one that is free, or whose owner is dead. Leaves no trace if there is none. */
  takeOnce(by: Taker): Guard | undefined
  /** Takes one as `takeOnce` does; otherwise it makes sure of a wake and says where to sleep. */
  attempt(by: Taker, sleep: Sleep): Guard | undefined
  /** Leaves without taking, after having slept: passes on the wake that it may have consumed. */
  leave(): void
  /** @throws RangeError, IpcError ERR_IPC_NOT_OWNER; then nothing was released */
  release(count: number): void
  /** Whether a semaphore of this thread's holds some that only this thread can release. */
  isHeldBy(semaphore: object): boolean
  /** Makes them unusable for everybody. */
  poison(): void
}

/** The semaphore and the kind of call for which a permit is taken. */
export interface Taker {
  readonly semaphore: object
  /** Whether an async form takes it: then only its guard releases it. */
  readonly async: boolean
}

/** The words of a semaphore and what is agreed about them. */
export interface Terms {
  readonly initial: number
  /** The most that may be free. */
  readonly limit: number
  readonly description: string
}

export const MAX_VALUE = 0x7fffffff
