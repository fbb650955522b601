export type { TryOptions, TryWaitOptions, WaitOptions } from '@ipc/core'
export { Event, type EventInspection } from './event.ts'
