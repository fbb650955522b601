import { processScope } from '@ipc/core'
import type { Output } from '../report/output.ts'
import { realFailure } from '../report/real.ts'
import type { RealFailure, RealRuns } from '../report/report.ts'
import { operations } from '../report/summary.ts'
import { count, seconds } from '../report/table.ts'
import { withBenches } from '../run/bench.ts'
import { runSession, type SessionOptions } from '../run/session.ts'
import type { Tallies } from '../run/tally.ts'

/** Programs that run at a time; agents sleep more than they work. */
const LANES = 2

export interface RealOptions extends SessionOptions {
  readonly planted: string | undefined
}

export interface RealHalf {
  readonly runs: RealRuns
  readonly failure: RealFailure | null
  /** Whether programs of every scope were run that agents were allowed for. */
  readonly isDone: boolean
}

/** Random programs on real threads and processes. */
export async function runReal(options: RealOptions, output: Output): Promise<RealHalf> {
  process.stderr.write(`${announce(options)}\n`)
  const { seed, workers, processes, faults, planted } = options
  const session = await withBenches(LANES, options, planted, (benches) =>
    runSession(benches, options, (tallies) => output.progress.show(() => describe(tallies))),
  )
  output.progress.end()
  const { tallies, unknown, elapsedMs, failure } = session
  return {
    runs: { seed, workers, processes, faults, planted, elapsedMs, tallies, unknown },
    failure:
      failure === null ? null : realFailure(failure.program, failure.run, { ...failure, planted }),
    isDone:
      (workers === 0 || tallies.thread.programs > 0) &&
      (processes === 0 || tallies.process.programs > 0),
  }
}

function describe(tallies: Tallies): string {
  const { thread, process: other } = tallies
  const sum = (of: (tally: typeof thread) => number): string => count(of(thread) + of(other))
  return [
    `${sum((t) => t.programs)} programs`,
    `${count(operations(tallies))} operations`,
    `${sum((t) => t.kills + t.terminations)} killed`,
    'no violation',
  ].join(', ')
}

function announce({ budgetMs, seed, workers, processes, faults, planted }: RealOptions): string {
  const agents = `up to ${workers} workers and ${processes} processes`
  const dying = faults ? 'some of them killed' : 'nobody killed'
  const bug = planted === undefined ? '' : `; planted: ${planted}`
  const scope = processes > 0 ? '' : `; thread scope only${why()}`
  return `real runs: ${agents}, ${dying}, for ${seconds(budgetMs)}, seed ${seed}${bug}${scope}`
}

function why(): string {
  return processScope.supported ? '' : `, ${processScope.reason}`
}
