export type { Guard, TryOptions, TryWaitOptions, WaitOptions } from '@ipc/core'
export { BoundedSemaphore } from './bounded-semaphore.ts'
export { Semaphore, type SemaphoreInspection, type SemaphoreOptions } from './semaphore.ts'
