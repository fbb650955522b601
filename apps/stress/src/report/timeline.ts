import { HARNESS_TRACK } from '../history/arena.ts'
import type { Call } from '../history/call.ts'
import { objectName, trackName } from '../program/describe.ts'
import { MAX_TRACKS, type Program } from '../program/program.ts'

const MAX_ROWS = 24

/**
 * The part of a history around some calls of one object: a row per moment, a column per track.
 * `→` is where a call began, `←` where it returned, with what it returned.
 */
export function timeline(
  program: Program,
  history: readonly Call[],
  object: number,
  around: readonly Call[],
): string {
  const calls = history.filter((call) => call.object === object || call.what === 'die')
  const events = calls.flatMap(eventsOf).toSorted((a, b) => a.at - b.at)
  const shown = window(events, around)
  const tracks = [...new Set(shown.map(({ track }) => track))].toSorted((a, b) => a - b)
  const header = ['moment', ...tracks.map((track) => columnName(program, track))]
  const rows = shown.map(({ at, track, text }) => [
    String(Math.round(at)),
    ...tracks.map((column) => (column === track ? text : '')),
  ])
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [objectName(program.objects, object), line(header), rule, ...rows.map(line)].join('\n')
}

interface Moment {
  readonly at: number
  readonly track: number
  readonly text: string
}

const DEATHS = 1000

function eventsOf(call: Call): Moment[] {
  if (call.what === 'die') {
    return [{ at: call.end, track: (call.track - DEATHS) * MAX_TRACKS, text: '† seen dead' }]
  }
  const { what, argument, track, begin, end, result, seen } = call
  const name = what === 'release' && argument > 1 ? `release(${argument})` : what
  const outcome = result === 'saw' ? `${what} ${seen}` : result === 'done' ? what : `${what}: ${result}`
  return [
    { at: begin, track, text: `→ ${name}` },
    ...(end === Infinity ? [] : [{ at: end, track, text: `← ${outcome}` }]),
  ]
}

/** The moments before the last call that is to be seen has returned. */
function window(events: readonly Moment[], around: readonly Call[]): readonly Moment[] {
  const moments = around.flatMap(({ begin, end }) => (end === Infinity ? [begin] : [begin, end]))
  if (moments.length === 0) return events.slice(-MAX_ROWS)
  const from = Math.min(...moments)
  const last = events.findLastIndex(({ at }) => at <= Math.max(...moments))
  const first = events.findIndex(({ at }) => at >= from)
  const context = Math.max(2, Math.floor((MAX_ROWS - (last - first)) / 2))
  const begin = Math.max(0, first - context)
  return events.slice(begin, begin + MAX_ROWS)
}

function columnName({ agents }: Program, track: number): string {
  if (track === HARNESS_TRACK) return 'harness'
  return trackName(agents, Math.floor(track / MAX_TRACKS), track % MAX_TRACKS)
}
