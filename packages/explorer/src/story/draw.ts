import type { Row, Timeline } from './timeline.ts'

/** Draws one column for each agent; below them stand the agents' states at the end, and the words. */
export function drawTimeline({ columns, rows, agents, memory, skipped }: Timeline): string[] {
  const texts = rows.map((row) => ({ agent: row.agent, text: indented(row) }))
  const widths = columns.map((title, i) =>
    Math.max(
      title.length,
      ...texts.filter(({ agent }) => agent === i).map((row) => row.text.length),
    ),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [
    line(columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...texts.map(({ agent, text }) => line(columns.map((_, i) => (i === agent ? text : '')))),
    ...agents
      .filter(({ state }) => state === 'asleep' || state === 'dead')
      .map(({ name, text }) => `${name} ${text}`),
    memory.map(({ name, shown }) => `${name} = ${shown}`).join(', '),
    ...(skipped > 0 ? [`${skipped} steps of the schedule could not be taken`] : []),
  ]
}

function indented({ kind, text }: Row): string {
  return kind === 'call' || kind === 'wrong' ? text : `  ${text}`
}
