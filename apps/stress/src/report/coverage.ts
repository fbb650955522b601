import type { Coverage } from '../subjects/survey.ts'
import { count, seconds, table } from './table.ts'

/** Writes a row for each primitive that says exactly what was explored of it. */
export function coverageTable(all: readonly Coverage[]): string {
  const header = ['explored', 'programs', 'all schedules', 'states', 'random', 'steps/s', 'time']
  const rows = all.map((one) => [
    one.primitive,
    programsOf(one),
    schedulesOf(one),
    count(one.states),
    count(one.schedules),
    count(rateOf(one)),
    seconds(one.ms),
  ])
  return table([header, ...rows], 3)
}

/** Writes `20 + 35`: programs of the catalogue, and random ones. */
export function programsOf({ programs, random }: Coverage): string {
  return random > 0 ? `${programs} + ${random}` : String(programs)
}

/** Writes `≤ 2 preemptions`, or `≤ 2 preemptions of 18, ≤ 1 of 2`, and what was done with other programs. */
export function schedulesOf(coverage: Coverage): string {
  const { programs, bounds, special, specialDone, graphs, deep } = coverage
  const parts: string[] = []
  let left = programs
  for (const bound of bounds.toReversed()) {
    const more = bound.programs - (programs - left)
    if (more <= 0) continue
    parts.push(`≤ ${bound.preemptions}${more === programs ? '' : ` of ${more}`}`)
    left -= more
  }
  if (left > 0) parts.push(`not done of ${left}`)
  const all = [parts.join(', ').replace(/≤ \d+/, '$& preemptions')]
  if (special > 0) all.push(`as many as they need: ${specialDone} of ${special} more`)
  if (deep > 0) all.push(`complete: ${graphs} of ${deep} more`)
  return all.join('; ')
}

export function rateOf({ steps, ms }: Coverage): number {
  return Math.round((steps * 1000) / Math.max(1, ms))
}
