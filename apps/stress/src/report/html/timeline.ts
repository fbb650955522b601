import type { Row, RowKind, Timeline } from '@ipc/explorer/engine'
import { element, type Content, type Html } from './markup.ts'

/** The ways in which an agent's line is drawn beside what others do. */
type Line = 'idle' | 'ready' | 'asleep' | 'dead' | 'over'

/**
 * The things that an agent does without another one in between; they are drawn as one card, with what they do
 * to others beside it.
 */
interface Block {
  readonly agent: number
  readonly rows: readonly Row[]
  readonly asides: readonly Row[]
  /** The number of the first row. */
  readonly number: number
  /** Each agent's line, beside this block. */
  readonly lines: readonly Line[]
}

/**
 * A column for each agent, with a line that shows how it stands: about to go on, asleep, dead, over. The
 * things that it does are cards on its line, which follow each other downwards as they happened.
 */
export function drawTimeline(timeline: Timeline): Html {
  const { columns } = timeline
  const cells = blocksOf(timeline).flatMap((block, i) => [
    element('div', { class: 'number', style: `grid-row:${i + 2}` }, String(block.number)),
    ...columns.map((_, agent) =>
      element(
        'div',
        {
          class: `lane line-${block.lines[agent]!}`,
          style: `grid-row:${i + 2};grid-column:${agent + 2};--agent:var(--agent-${agent % 6})`,
        },
        agent === block.agent
          ? card(columns[agent]!, block.rows)
          : aside(block.asides.filter((row) => row.agent === agent)),
      ),
    ),
  ])
  const heads = columns.map((name, agent) =>
    element(
      'div',
      { class: 'lane-head', style: `grid-column:${agent + 2};--agent:var(--agent-${agent % 6})` },
      element('b', {}, name),
    ),
  )
  const corner = element('div', { class: 'lane-head corner' }, 'step')
  return element(
    'div',
    { class: 'scroller' },
    element(
      'div',
      { class: 'timeline', style: `--columns:${columns.length}` },
      corner,
      ...heads,
      ...cells,
    ),
  )
}

function aside(rows: readonly Row[]): Content {
  return rows.length === 0 ? '' : element('div', { class: 'card aside' }, ...rows.map(drawRow))
}

/** A card also names its agent, as the heads of a long timeline are out of sight. */
function card(name: string, rows: readonly Row[]): Html {
  const { kind } = rows.at(-1)!
  const who = element('span', { class: 'who', 'aria-hidden': 'true' }, name)
  return element('div', { class: `card ends-${kind}` }, who, ...rows.map(drawRow))
}

const ICONS: Partial<Record<RowKind, string>> = {
  sleep: '☾',
  wake: '☀',
  fault: '⚡',
  death: '†',
  wrong: '✗',
  preempted: '‖',
  end: '■',
}

function drawRow({ kind, text }: Row): Html {
  const icon = ICONS[kind]
  const shown = text.replaceAll(/^[*†!─ ]+|[*†─ ]+$/g, '')
  return element(
    'div',
    { class: `row ${kind}` },
    icon === undefined ? '' : element('span', { class: 'icon', 'aria-hidden': 'true' }, icon),
    element('span', {}, shown),
  )
}

function blocksOf({ columns, rows }: Timeline): Block[] {
  const blocks: Block[] = []
  const lines: Line[] = columns.map(() => 'idle')
  let number = 1
  for (let start = 0; start < rows.length;) {
    const { agent } = rows[start]!
    let end = start
    while (rows[end]?.agent === agent || rows[end]?.aside === true) end++
    const all = rows.slice(start, end)
    const mine = all.filter((row) => row.agent === agent)
    const asides = all.filter((row) => row.agent !== agent)
    if (lines[agent] === 'idle') lines[agent] = 'ready'
    blocks.push({ agent, rows: mine, asides, number, lines: [...lines] })
    lines[agent] = lineAfter(mine, lines[agent]!)
    for (const row of asides) lines[row.agent] = lineAfter([row], lines[row.agent]!)
    number += all.filter(({ kind }) => kind === 'step' || kind === 'sleep').length
    start = end
  }
  return blocks
}

function lineAfter(rows: readonly Row[], before: Line): Line {
  let line = before
  for (const { kind, text } of rows) {
    if (kind === 'sleep') line = text.includes('without blocking') ? 'ready' : 'asleep'
    else if (kind === 'death') line = 'dead'
    else if (kind === 'end') line = 'over'
    else line = 'ready'
  }
  return line
}
