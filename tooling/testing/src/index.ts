export {
  ContenderExitedError,
  startProcess,
  startWorker,
  stopAll,
  type Contender,
  type Context,
  type Exit,
  type ProcessOptions,
  type State,
  type WorkerOptions,
} from './contender.ts'
export {
  overwriteOption,
  temporaryDirectory,
  uniqueName,
  type TemporaryDirectory,
} from './directory.ts'
export { FakeMemory } from './fake-memory.ts'
export { TornCounter } from './torn-counter.ts'
export { until, within, type WatchdogOptions } from './watchdog.ts'
