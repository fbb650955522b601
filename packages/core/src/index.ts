export { Acquirable, checkSignal, type TryWaitOptions, type WaitOptions } from './acquirable.ts'
export { AsyncQueue } from './async-queue.ts'
export { block } from './block.ts'
export { checkTimeout, deadlineAfter, type TryOptions } from './deadline.ts'
export { processScope } from './domain.ts'
export {
  callAddon,
  checkFunction,
  checkOptions,
  flag,
  integer,
  IpcError,
  isThenable,
  outOfRange,
  reasonForAnother,
  shown,
  wrongType,
  type IpcErrorCode,
} from './errors.ts'
export type { Guard } from './guard.ts'
export { Bequest, bequeath, hasHeirs, mayHaveHeirs, noteCommand } from './heirs.ts'
export type { Handle, InnerHandle, ProcessHandle, ThreadHandle } from './handle.ts'
export { setInterruption, type Interruption } from './interruption.ts'
export { keepAlive, letGo } from './keep-alive.ts'
export { list, prune, type ListedObject, type PruneOptions } from './list.ts'
export { localState } from './local.ts'
export {
  AGENT_MASK,
  ALL,
  NOBODY,
  POISON,
  type AgentId,
  type AgentInfo,
  type Memory,
  type ParkResult,
  type Ticket,
  type Wake,
  type Watch,
} from './memory.ts'
export type { NotedCommand, NotedWait } from './notes.ts'
export { observe, type Seen, type SeenAgent, type SeenObject } from './observe.ts'
export {
  Place,
  type Layout,
  type LayoutOfStored,
  type OpenOptions,
  type Scope,
  type Surroundings,
} from './place.ts'
export { Primitive, unlinkName, type Inspection, type UnlinkOptions } from './primitive.ts'
export {
  SharedMemory,
  type SharedMemoryInspection,
  type SharedMemoryOptions,
} from './shared-memory.ts'
export { EARLY_MS, LONGEST_TIMER_MS, timers, type Timers } from './timers.ts'
export { describeWho } from './who.ts'
export { NOWHERE, Sleep, type Waiting } from './sleep.ts'
export { abortWith, ignoreAbort, type Abortable } from './abort.ts'
export { now } from './clock.ts'
