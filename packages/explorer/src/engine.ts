/**
 * The engine under `check`, for a harness of one's own: models of several segments, monitors that watch
 * every step, code that is modelled word by word. It may change in any release.
 */
export { asUnmerged, Agent, type Code } from './code/agent.ts'
export { Automata } from './code/automaton.ts'
export { Merger } from './code/merger.ts'
export {
  ABORTED,
  eventLoop,
  inMacrotask,
  requireMacrotask,
  type Loop,
  type Task,
} from './code/event-loop.ts'
export { named } from './code/named.ts'
export {
  FIRST_ID,
  LATE,
  NEVER,
  Op,
  SLEEP_CHANGED,
  SLEPT_OUT,
  SOON,
  TICKETS,
  type Ends,
  type Operation,
} from './code/operation.ts'
export type { SimulatedMemory } from './code/simulated-memory.ts'
export type { Sleep } from './code/sleeps.ts'
export { UntimedMemory } from './code/untimed.ts'
export { Act, actOf, agentOf, type Action } from './machine/action.ts'
export { Machine } from './machine/machine.ts'
export { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS } from './machine/robust.ts'
export {
  NO_FAULTS,
  type Faults,
  type Model,
  type Monitor,
  type Segment,
  type SharedWords,
  type View,
} from './model.ts'
export { bounded, complete } from './search/bounded.ts'
export { budgetUntil } from './search/budget.ts'
export { Explorer, type Search } from './search/explorer.ts'
export { pct } from './search/pct.ts'
export { pos } from './search/pos.ts'
export { Random } from './search/random.ts'
export { random } from './search/random-walk.ts'
export { samples } from './search/samples.ts'
export type { Budget, Finding, Outcome, Strategy } from './search/strategy.ts'
export { drawTimeline } from './story/draw.ts'
export { readSchedule, writeSchedule } from './story/schedule.ts'
export {
  follow,
  type Row,
  type RowKind,
  type Standing,
  type Timeline,
  type WordAtEnd,
} from './story/timeline.ts'
