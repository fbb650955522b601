export type { Algorithm, Tasks, Thread, ThreadCode, Words } from './algorithm.ts'
export { overAtomics, SimulatedAtomics, type AtomicsAlgorithm } from './atomics.ts'
export { check, replay, type CheckOptions, type Failure, type Report } from './check.ts'
export {
  complete,
  pct,
  pos,
  preemptions,
  randomWalk,
  type Samples,
  type Strategy,
} from './search/strategies.ts'
export type { Row, RowKind, Standing, Timeline, WordAtEnd } from './story/timeline.ts'
