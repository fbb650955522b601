import type { Guard } from '@ipc/core'

/** A lock that a Condition can be used with: it gives up a hold, and takes it back. */
export interface Suspendable {
  /** Whether this thread holds it. */
  readonly isHeldHere: boolean
  /** Whether the guard is of a hold of this lock. */
  isHeldBy(guard: Guard): boolean
  /**
   * Releases every hold that this thread has of the lock; the guard must be one of them. If the thread
   * is to block until it takes the lock back (`toBlock`), the lock must not go to another call of this
   * thread, which could not release it meanwhile.
   * @throws IpcError ERR_IPC_NOT_OWNER when the guard is not one that is held
   */
  suspend(guard: Guard, toBlock: boolean): Suspended
}

/** A hold that was given up for a while. */
export interface Suspended {
  /** Whether an owner of the lock has died since, no matter who was told. The caller needs no lock. */
  hasOwnerDied(): boolean
  /**
   * Takes it back, waiting as long as it takes: the guard is held again. Errors that signal handlers
   * throw meanwhile are added to `failures`.
   */
  resume(failures: unknown[]): void
  resumeAsync(): Promise<void>
}
