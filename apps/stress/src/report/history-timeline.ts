import { HARNESS_TRACK } from '../real/history/arena.ts'
import { describeCall, nameOfCall, type Call } from '../real/history/call.ts'
import { trackName } from '../real/program/describe.ts'
import { MAX_TRACKS, type Program } from '../real/program/program.ts'
import type { HistoryTimeline } from './report.ts'

const MAX_ROWS = 24
const CONTEXT = 6

/**
 * Makes a timeline of the part of a history around some calls of one object: it has a row for each moment and
 * a column for each track. `→` is where a call began, `←` where it returned, with its result; a call that
 * nothing came between stands in one row.
 */
export function historyTimeline(
  program: Program,
  history: readonly Call[],
  object: number,
  around: readonly Call[],
): HistoryTimeline {
  const calls = history.filter((call) => call.object === object || call.what === 'die')
  const rowsOfAll = joined(calls.flatMap(eventsOf).toSorted((a, b) => a.at - b.at))
  const shown = window(rowsOfAll, around)
  const tracks = [...new Set(shown.map(({ track }) => track))].toSorted((a, b) => a - b)
  return {
    columns: tracks.map((track) => columnName(program, track)),
    rows: shown.map(({ at, track, text }) => ({
      at: Math.round(at),
      column: tracks.indexOf(track),
      text,
    })),
  }
}

export function drawHistory({ columns, rows }: HistoryTimeline): string {
  const header = ['moment', ...columns]
  const cells = rows.map(({ at, column, text }) => [
    String(at),
    ...columns.map((_, i) => (i === column ? text : '')),
  ])
  const widths = header.map((_, i) => Math.max(...[header, ...cells].map((row) => row[i]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(header), rule, ...cells.map(line)].join('\n')
}

interface Moment {
  readonly at: number
  readonly track: number
  readonly call: Call
  readonly text: string
}

const DEATHS = 1000

function eventsOf(call: Call): Moment[] {
  const { what, track, begin, end } = call
  if (what === 'die') {
    return [{ at: end, track: (track - DEATHS) * MAX_TRACKS, call, text: '† seen dead' }]
  }
  return [
    { at: begin, track, call, text: `→ ${nameOfCall(call)}` },
    ...(end === Infinity ? [] : [{ at: end, track, call, text: `← ${describeCall(call)}` }]),
  ]
}

/** Joins a beginning and a return that follow each other. */
function joined(moments: readonly Moment[]): Moment[] {
  return moments.flatMap((moment, i) => {
    if (moment.call.what === 'die') return moment
    if (moments[i - 1]?.call === moment.call) return []
    return moments[i + 1]?.call === moment.call
      ? { ...moment, text: describeCall(moment.call) }
      : moment
  })
}

/** The window begins a little before the first of the calls, or ends a little after the last one returned. */
function window(moments: readonly Moment[], around: readonly Call[]): readonly Moment[] {
  const sleeping = around.filter(({ end }) => end === Infinity).map(({ begin }) => begin)
  if (sleeping.length > 0) {
    const first = moments.findIndex(({ at }) => at >= Math.min(...sleeping))
    return moments.slice(Math.max(0, first - CONTEXT)).slice(0, MAX_ROWS)
  }
  const until = around.length === 0 ? Infinity : Math.max(...around.map(({ end }) => end))
  const last = moments.findLastIndex(({ at }) => at <= until) + CONTEXT
  return moments.slice(0, last).slice(-MAX_ROWS)
}

function columnName({ agents }: Program, track: number): string {
  if (track === HARNESS_TRACK) return 'harness'
  return trackName(agents, Math.floor(track / MAX_TRACKS), track % MAX_TRACKS)
}
