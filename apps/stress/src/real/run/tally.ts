import type { ObjectSpec, Program } from '../program/program.ts'
import type { Run } from './run-program.ts'

/** The work that was done in one scope. */
export interface Tally {
  programs: number
  workers: number
  processes: number
  operations: number
  /** How many of the operations were on each kind of object. */
  readonly on: Record<ObjectSpec['kind'], number>
  waits: number
  gaveUp: number
  aborted: number
  kills: number
  terminations: number
  exits: number
  stops: number
  signals: number
  abandoned: number
  rescues: number
  slowWakes: number
}

/** The tallies of the two scopes. */
export interface Tallies {
  readonly thread: Tally
  readonly process: Tally
}

export function emptyTally(): Tally {
  return {
    programs: 0,
    workers: 0,
    processes: 0,
    operations: 0,
    on: { lock: 0, rlock: 0, rwlock: 0, semaphore: 0, event: 0, barrier: 0, condition: 0 },
    waits: 0,
    gaveUp: 0,
    aborted: 0,
    kills: 0,
    terminations: 0,
    exits: 0,
    stops: 0,
    signals: 0,
    abandoned: 0,
    rescues: 0,
    slowWakes: 0,
  }
}

export function add(tally: Tally, program: Program, run: Run): void {
  const calls = run.history.filter(({ what }) => what !== 'die')
  const count = (predicate: (call: (typeof calls)[number]) => boolean): number =>
    calls.filter(predicate).length
  tally.programs++
  tally.workers += program.agents.filter(({ runs }) => runs === 'worker').length
  tally.processes += program.agents.filter(({ runs }) => runs === 'process').length
  tally.operations += calls.length
  for (const { object } of calls) tally.on[program.objects[object]!.kind]++
  tally.waits += count(({ what }) => what === 'acquire' || what === 'share' || what === 'wait')
  tally.gaveUp += count(({ result }) => result === 'gave-up')
  tally.aborted += count(({ result }) => result === 'aborted')
  tally.kills += run.faults.kills
  tally.terminations += run.faults.terminations
  tally.exits += run.faults.exits
  tally.stops += run.faults.stops
  tally.signals += run.faults.signals
  tally.abandoned += count(({ result }) => result === 'abandoned')
  tally.rescues += run.rescues
  tally.slowWakes += run.slowWakes
}

/** Whether programs were run in every scope for which agents were allowed, and of every primitive. */
export function hasAll(
  { thread, process }: Tallies,
  { workers, processes }: { readonly workers: number; readonly processes: number },
): boolean {
  if (workers > 0 && thread.programs === 0) return false
  if (processes > 0 && process.programs === 0) return false
  return Object.entries(thread.on).every(
    ([kind, count]) => count + process.on[kind as ObjectSpec['kind']] > 0,
  )
}
