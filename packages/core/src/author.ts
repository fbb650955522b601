/** This is what authors of primitives need, besides what users call: index.ts. */
export { Acquirable, checkSignal } from './objects/acquirable.ts'
export { AsyncQueue } from './waiting/async-queue.ts'
export { block } from './waiting/block.ts'
export { checkTimeout, deadlineAfter } from './waiting/deadline.ts'
export {
  callAddon,
  checkFunction,
  checkOptions,
  flag,
  integer,
  isThenable,
  outOfRange,
  reasonForAnother,
  shown,
  wrongType,
} from './errors.ts'
export { Bequest, bequeath, hasHeirs, mayHaveHeirs, noteCommand } from './outside/heirs.ts'
export { setInterruption, type Interruption } from './waiting/interruption.ts'
export { keepAlive, keepAliveIn, letGo, letGoIn } from './waiting/keep-alive.ts'
export { localState } from './objects/local.ts'
export {
  AGENT_MASK,
  ALL,
  NOBODY,
  POISON,
  type AgentId,
  type Memory,
  type ParkResult,
  type Ticket,
  type Wake,
  type Watch,
} from './memory/memory.ts'
export { Place, type Layout, type LayoutOfStored, type Surroundings } from './objects/place.ts'
export { Primitive, unlinkName } from './objects/primitive.ts'
export { EARLY_MS, LONGEST_TIMER_MS, timers, type Timers } from './waiting/timers.ts'
export { describeWho } from './agents/who.ts'
export { NOWHERE, Sleep, type Waiting } from './waiting/sleep.ts'
export { abortWith, ignoreAbort, type Abortable } from './waiting/abort.ts'
export { now } from './waiting/clock.ts'
