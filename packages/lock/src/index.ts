export type { Guard, TryOptions, TryWaitOptions, WaitOptions } from '@ipc/core'
export { Lock, type LockInspection } from './lock.ts'
export { RLock, type RLockInspection } from './rlock.ts'
export type { Suspendable, Suspended } from './suspend.ts'
