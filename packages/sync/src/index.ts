export type { TryOptions, TryWaitOptions, WaitOptions } from '@ipc/core'
export { Event, type EventInspection } from './event.ts'
export {
  Barrier,
  type BarrierInspection,
  type BarrierOptions,
  type BarrierPass,
} from './barrier/barrier.ts'
export {
  Condition,
  type ConditionInspection,
  type ConditionLock,
  type ConditionOptions,
  type WaitForOptions,
} from './condition/condition.ts'
