export type { LockMode } from './claim.ts'
export type { Deadlock } from './deadlock-watch.ts'
export { Lock, type HeldLock } from './lock.ts'
export {
  LockManager,
  locks,
  openLocks,
  type InspectedLock,
  type LockInfo,
  type LockManagerSnapshot,
  type LocksInspection,
  type OpenLocksOptions,
} from './lock-manager.ts'
export type { AcquireOptions, LockOptions, LockRequest } from './options.ts'
