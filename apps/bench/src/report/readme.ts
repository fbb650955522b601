import { number } from './format.ts'
import type { JsonRow } from './json.ts'

const BEGIN = '<!-- figures: written by apps/bench from a run -->'
const END = '<!-- /figures -->'

/** The rows that have a goal; the points of curves are in the page only. */
export function figures(rows: readonly JsonRow[]): string {
  const [first] = rows
  const lines = rows
    .filter(({ target, plot }) => target !== null && plot === undefined)
    .map((row) => [row.work, own(row), rivals(row), goal(row)])
  const header = ['work', 'ours', 'others', 'must']
  const table = [header, header.map(() => '---'), ...lines].map(
    (cells) => `| ${cells.join(' | ')} |`,
  )
  return [
    ...table,
    '',
    `Medians of one interleaved run: ${first?.machine ?? ''}, ${first?.date.slice(0, 10) ?? ''}.`,
  ].join('\n')
}

/**
 * Replaces the block between the marks.
 * @throws Error when the text has no such block
 */
export function withFigures(readme: string, rows: readonly JsonRow[]): string {
  const [from, to] = blockOf(readme)
  return `${readme.slice(0, from)}\n\n${figures(rows)}\n\n${readme.slice(to)}`
}

/** The text between the marks, without the layout that a formatter gives it. */
export function figuresIn(readme: string): string {
  return plain(readme.slice(...blockOf(readme)))
}

export function plain(text: string): string {
  return text
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/[ \t]+/g, ' ')
    .trim()
}

function blockOf(readme: string): [number, number] {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`no block from ${BEGIN} to ${END}`)
  return [begin + BEGIN.length, end]
}

function own({ ours, unit, switchesPerSecond }: JsonRow): string {
  const switches = switchesPerSecond?.['ours']
  const beside = switches === undefined ? '' : ` (${number(switches)} changes of owner/s)`
  return `**${number(ours)} ${unit}**${beside}`
}

/** The best few rivals, and those that the goal names. */
function rivals({ others, better, target }: JsonRow): string {
  const sign = better === 'less' ? 1 : -1
  return Object.entries(others)
    .toSorted(([, a], [, b]) => sign * (a - b))
    .filter(([name], i) => i < 4 || target?.includes(name) === true)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join(', ')
}

function goal({ target, met }: JsonRow): string {
  return `${target}${met === false ? ' (**missed**)' : ''}`
}
