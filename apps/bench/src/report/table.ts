import { number } from './format.ts'
import type { JsonRow } from './json.ts'

const MARKS = new Map<boolean | null, string>([
  [true, 'ok  '],
  [false, 'MISS'],
  [null, '    '],
])

/** The report for the terminal: a block for each row, with everybody on a line, the best first. */
export function table(rows: readonly JsonRow[]): string {
  return rows.map(block).join('\n\n')
}

function block(row: JsonRow): string {
  const { work, unit, target, met, bounds } = row
  const title = [`${MARKS.get(met)!} ${work}, ${unit}`]
  if (target !== null) {
    title.push(`     must: ${target} (${bounds.map((bound) => bound ?? 'did not run').join(', ')})`)
  }
  return [...title, ...lines(row)].join('\n')
}

function lines({ ours, others, better, spread, switchesPerSecond, absent }: JsonRow): string[] {
  const sign = better === 'less' ? 1 : -1
  const figures: [string, number][] = [['ours', ours], ...Object.entries(others)]
  const ran = figures
    .toSorted(([, a], [, b]) => sign * (a - b))
    .map(([name, median]) => {
      const [low, high] = spread[name]!
      const switches = switchesPerSecond?.[name]
      return [
        name === 'ours' ? '   → ' : '     ',
        name.padEnd(28),
        number(median).padStart(11),
        `${number(median / ours)} ×`.padStart(10),
        `   ${number(low)} – ${number(high)}`.padEnd(26),
        switches === undefined ? '' : `${number(switches)} switches/s`,
      ].join('')
    })
  const missing = Object.entries(absent).map(([name, why]) => `     ${name.padEnd(28)}${why}`)
  return [...ran.map((line) => line.trimEnd()), ...missing]
}
