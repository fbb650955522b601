export { acquirableLaws, type AcquirableLike, type GuardLike, type Traits } from './acquirable.ts'
export {
  placements,
  type ClassLike,
  type Meeting,
  type Modules,
  type Placement,
  type PrimitiveLike,
  type Subject,
} from './placements.ts'
export {
  badInputLaws,
  expectRefusal,
  expectWaitsRefused,
  wrongFunctions,
  wrongIntegers,
  wrongNames,
  wrongOptions,
  type Anything,
  type Wrong,
} from './bad-input.ts'
