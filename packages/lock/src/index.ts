export type { Guard, TryOptions, TryWaitOptions, WaitOptions } from '@ipc/core'
export { Lock, type LockInspection } from './lock.ts'
