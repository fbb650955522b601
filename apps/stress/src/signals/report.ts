import { count, seconds, table } from '../report/table.ts'
import type { HistoryTimeline, RealFailure } from '../report/report.ts'
import { noFaults } from '../real/run/faults.ts'
import { describeSignalProgram, describeStep } from './describe.ts'
import { nameOf } from './numbers.ts'
import type { SignalProgram } from './program.ts'
import type { SignalFailure, SignalRuns, SignalSession } from './session.ts'
import { toSignalToken } from './token.ts'
import type { Trace } from './trace.ts'

/** A timeline shows at most this many rows. */
const MOST_ROWS = 60

const COLUMNS = [
  'signal programs',
  'steps',
  'sent',
  'delivered',
  'waited for',
  'died',
  'killed',
  'stopped',
]

/** Writes what was run, and at which rate. */
export function signalSummary(runs: SignalRuns): string {
  const { programs, steps, sent, delivered, taken, deaths, kills, stops, elapsedMs } = runs
  const cells = [programs, steps, sent, delivered, taken, deaths, kills, stops].map(count)
  const rate = count(Math.round((sent * 1000) / Math.max(elapsedMs, 1)))
  return `${table([COLUMNS, cells])}\n${rate} signals/s, in ${seconds(elapsedMs)}`
}

/** Writes the text for the progress line. */
export function progressOf({ tally }: SignalSession): string {
  return `${count(tally.sent)} signals of ${count(tally.programs)} programs`
}

export function signalRuns({ tally, elapsedMs }: SignalSession): SignalRuns {
  return { ...tally, elapsedMs }
}

/**
 * Makes a report of the law that a program of signals broke, for people and programs; null if none broke one.
 */
export function signalFailure(
  { failure }: Pick<SignalSession, 'failure'>,
  planted: string | undefined,
): RealFailure | null {
  return failure === null ? null : describeFailure(failure, planted)
}

function describeFailure(
  { program, run, after, shrinks }: SignalFailure,
  planted: string | undefined,
): RealFailure {
  const { violations, trace, kills, stops } = run
  const signals = new Set(violations.map(({ signal }) => signal))
  return {
    half: 'real',
    verdict: violations[0]!.law,
    violations: violations.map(({ law, text, signal }, i) => ({
      law,
      object: signal === null ? 'receiver' : nameOf(signal),
      text,
      timeline: i === 0 ? timeline(trace, signals) : null,
    })),
    program: describeSignalProgram(program),
    asleep: [],
    faults: { ...noFaults(), kills, stops },
    after,
    shrinks,
    replay: replayCommand(program, planted),
    explored: null,
  }
}

function replayCommand(program: SignalProgram, planted: string | undefined): string {
  return `npx -y pnpm@10.34.9 stress replay "${toSignalToken({ program, planted })}"`
}

type Row = HistoryTimeline['rows'][number]

/**
 * Draws who did what in which order with the signals that the failure is about, with a column for each
 * process.
 */
function timeline(trace: Trace, signals: ReadonlySet<number | null>): HistoryTimeline {
  const isShown = ({ number }: { readonly number: number }): boolean => signals.has(number)
  const steps = trace.steps.flatMap(({ step, index, begin, end }): Row[] => [
    { at: begin, column: 0, text: `${index} ${describeStep(step)}` },
    ...(end < Infinity ? [{ at: end, column: 0, text: `${index} ←` }] : []),
  ])
  const deliveries = trace.delivered.filter(isShown).map(({ number, value, code, taken, to }) => ({
    at: to,
    column: 0,
    text: `${taken ? 'took' : 'handler'} ${nameOf(number)} ${code === -1 ? value : ''}`.trimEnd(),
  }))
  const sends = trace.sent.filter(isShown).map(({ number, sender, value, queued, begin, end }) => ({
    at: end === Infinity ? begin : end,
    column: sender + 1,
    text: `${nameOf(number)} ${queued ? value : ''}${end === Infinity ? ' …' : ''}`.trimEnd(),
  }))
  const rows = [...steps, ...deliveries, ...sends].toSorted((a, b) => a.at - b.at)
  return {
    columns: ['receiver', ...trace.program.senders.map((_, i) => `sender ${i}`)],
    rows: rows.slice(0, MOST_ROWS),
  }
}
