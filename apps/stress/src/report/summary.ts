import type { Tallies, Tally } from '../real/run/tally.ts'
import { count, seconds, table } from './table.ts'

export const TALLY_ROWS: readonly (readonly [string, (tally: Tally) => number])[] = [
  ['programs', (t) => t.programs],
  ['agents: workers', (t) => t.workers],
  ['agents: processes', (t) => t.processes],
  ['operations', (t) => t.operations],
  ['  on a Lock', (t) => t.on.lock],
  ['  on an RLock', (t) => t.on.rlock],
  ['  on an RWLock', (t) => t.on.rwlock],
  ['  on a Semaphore', (t) => t.on.semaphore],
  ['  on an Event', (t) => t.on.event],
  ['  on a Barrier', (t) => t.on.barrier],
  ['  on a Condition', (t) => t.on.condition],
  ['  of them waits', (t) => t.waits],
  ['  that timed out', (t) => t.gaveUp],
  ['  that were aborted', (t) => t.aborted],
  ['killed: kill -9', (t) => t.kills],
  ['killed: terminate()', (t) => t.terminations],
  ['left: process.exit()', (t) => t.exits],
  ['stopped for a while', (t) => t.stops],
  ['signals in storms', (t) => t.signals],
  ['told "abandoned"', (t) => t.abandoned],
  ['ended by the harness', (t) => t.rescues],
  ['rested over 100 ms', (t) => t.slowWakes],
]

/** Writes what was run, and at which rate. */
export function summary(tallies: Tallies, elapsedMs: number): string {
  const { thread, process } = tallies
  const all = { programs: thread.programs + process.programs, operations: operations(tallies) }
  const rows = TALLY_ROWS.map(([name, of]) => [
    name,
    count(of(thread)),
    count(of(process)),
    count(of(thread) + of(process)),
  ])
  const perSecond = (n: number): string => count(Math.round((n * 1000) / elapsedMs))
  const rate = `${perSecond(all.programs)} programs/s, ${perSecond(all.operations)} operations/s`
  return [
    table([['', 'thread scope', 'process scope', 'all'], ...rows]),
    `${rate}, in ${seconds(elapsedMs)}`,
  ].join('\n')
}

export function operations({ thread, process }: Tallies): number {
  return thread.operations + process.operations
}
