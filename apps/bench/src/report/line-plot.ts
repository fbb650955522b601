import { escape, number } from './format.ts'

export interface Line {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const WIDTH = 800
const HEIGHT = 340
const LEFT = 60
const RIGHT = 190
const TOP = 10
const BOTTOM = 30
const COLOURS = ['#2f6fde', '#d9822b', '#1b7f3b', '#8e44ad', '#b00020', '#555555', '#009e9e']

/** Draws the curves as SVG with logarithmic axes; the names stand at the ends of their lines. */
export function linePlot(lines: readonly Line[]): string {
  const drawn = lines.filter(({ points }) => points.length > 0)
  const all = drawn.flatMap(({ points }) => points)
  const xs = [...new Set(all.map(([x]) => x))].toSorted((a, b) => a - b)
  const y = axis(
    all.map(([, value]) => value).filter((value) => value > 0),
    HEIGHT - BOTTOM,
    TOP,
  )
  const x = axis(xs, LEFT, WIDTH - RIGHT)
  const labels = spread(drawn.map(({ points }) => y.at(points.at(-1)![1])))
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
${y.ticks.map((tick) => gridLine(y.at(tick), tick)).join('\n')}
${xs.map((tick) => `<text x="${x.at(tick)}" y="${HEIGHT - 8}" text-anchor="middle">${number(tick)}</text>`).join('\n')}
${drawn.map((line, i) => polyline(line, i, x.at, y.at, labels[i]!)).join('\n')}
</svg>`
}

interface Axis {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.log10(Math.min(...values))
  const high = Math.log10(Math.max(...values))
  const range = high - low || 1
  const powers = Array.from(
    { length: Math.floor(high) - Math.ceil(low) + 1 },
    (_, i) => 10 ** (Math.ceil(low) + i),
  )
  return {
    at: (value) => Math.round(from + ((to - from) * (Math.log10(value) - low)) / range),
    ticks: [10 ** low, ...powers, 10 ** high],
  }
}

function gridLine(y: number, value: number): string {
  return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#e4e4e4"/>
<text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${number(value)}</text>`
}

function polyline(
  { name, points }: Line,
  i: number,
  x: (value: number) => number,
  y: (value: number) => number,
  label: number,
): string {
  const colour = COLOURS[i % COLOURS.length]!
  const path = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${name === 'ours' ? 3 : 1.5}"/>
<text x="${WIDTH - RIGHT + 8}" y="${label + 4}" style="fill:${colour}">${escape(name)}</text>`
}

/** Moves labels apart that would cover each other. */
function spread(positions: readonly number[]): number[] {
  const moved = [...positions]
  let last = -Infinity
  for (const i of [...positions.keys()].toSorted((a, b) => positions[a]! - positions[b]!)) {
    moved[i] = last = Math.max(positions[i]!, last + 15)
  }
  return moved
}
