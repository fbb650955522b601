import { escape, number } from './format.ts'
import type { JsonRow } from './json.ts'
import { type Line, linePlot } from './line-plot.ts'

/** Makes one page that loads nothing: a bar for everybody in every row, and the curves. */
export function page(rows: readonly JsonRow[]): string {
  const [first] = rows
  const bars = rows.filter(({ plot }) => plot === undefined)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>@ipc: figures</title>
<style>${STYLE}</style>
<h1>The same work, ours and theirs</h1>
<p>${escape(first?.machine ?? '')}; ${escape(first?.date.slice(0, 10) ?? '')}. Medians of interleaved
rounds, the thin line from the first to the third quartile. Every axis is logarithmic.</p>
${bars.map(section).join('\n')}
${plotTitles(rows)
  .map((title) => curve(rows.filter(({ plot }) => plot?.title === title)))
  .join('\n')}
</html>
`
}

/* ---- bars ---------------------------------------------------------------------------------- */

interface Bar {
  readonly name: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly switches: number | undefined
}

function section(row: JsonRow): string {
  const bars = barsOf(row)
  const scale = logScale(bars)
  return `<section>
<h2>${escape(row.work)}</h2>
<p class="goal">${goal(row)}</p>
<table>${bars.map((bar) => barLine(bar, row, scale)).join('')}</table>
${absent(row)}
</section>`
}

function barsOf({ ours, others, spread, switchesPerSecond, better }: JsonRow): Bar[] {
  const sign = better === 'less' ? 1 : -1
  return Object.entries({ ours, ...others })
    .map(([name, value]) => {
      const [low, high] = spread[name] ?? [value, value]
      return { name, value, low, high, switches: switchesPerSecond?.[name] }
    })
    .toSorted((a, b) => sign * (a.value - b.value))
}

/** Position of a value in percent; the axis begins at the power of ten below the smallest. */
function logScale(bars: readonly Bar[]): (value: number) => number {
  const positive = bars.flatMap(({ low, high }) => [low, high]).filter((value) => value > 0)
  const from = Math.floor(Math.log10(Math.min(...positive)) - 0.1)
  const to = Math.log10(Math.max(...positive))
  return (value) => (value <= 0 ? 0 : (100 * (Math.log10(value) - from)) / (to - from || 1))
}

function barLine(bar: Bar, { unit, ours }: JsonRow, scale: (value: number) => number): string {
  const own = bar.name === 'ours'
  const [low, high] = [scale(bar.low), scale(bar.high)]
  const switches = bar.switches === undefined ? '' : `${number(bar.switches)} switches/s`
  return `<tr${own ? ' class="ours"' : ''}>
<th>${escape(bar.name)}</th>
<td class="bars"><i style="width:${scale(bar.value).toFixed(1)}%"></i><b style="left:${low.toFixed(1)}%;width:${Math.max(0, high - low).toFixed(1)}%"></b></td>
<td>${number(bar.value)} ${unit}</td><td>${own ? '' : `${number(bar.value / ours)} ×`}</td><td>${switches}</td></tr>`
}

function goal({ target, met, bounds, unit }: JsonRow): string {
  if (target === null) return 'Nothing is asked here.'
  const reached = bounds.map((bound) => (bound === null ? 'not run' : `${number(bound)} ${unit}`))
  const mark = met === null ? '' : met ? '<em class="met">reached</em> ' : '<em>missed</em> '
  return `${mark}${escape(target)} (${reached.join(', ')})`
}

function absent(row: JsonRow): string {
  const names = Object.entries(row.absent).map(([name, why]) => `${name} (${why})`)
  return names.length === 0 ? '' : `<p class="absent">Not run: ${escape(names.join(', '))}.</p>`
}

/* ---- curves -------------------------------------------------------------------------------- */

function plotTitles(rows: readonly JsonRow[]): string[] {
  return [...new Set(rows.flatMap(({ plot }) => (plot === undefined ? [] : [plot.title])))]
}

function curve(rows: readonly JsonRow[]): string {
  const { title, along } = rows[0]!.plot!
  const names = [...new Set(rows.flatMap(({ others }) => ['ours', ...Object.keys(others)]))]
  const lines: Line[] = names.map((name) => ({
    name,
    points: rows.flatMap(({ plot, ours, others }): [number, number][] => {
      const value = name === 'ours' ? ours : others[name]
      return value === undefined ? [] : [[plot!.x, value]]
    }),
  }))
  const missed = rows.filter(({ met }) => met === false)
  const verdict = missed.map(({ work, target }) => `<em>missed</em> ${work}: ${target ?? ''}`)
  return `<section>
<h2>${escape(title)}</h2>
<p class="goal">along ${escape(along)}${verdict.map((text) => `<br>${text}`).join('')}</p>
${linePlot(lines)}
</section>`
}

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.6rem } h2 { font-size: 1.1rem; margin: 2rem 0 0 }
.goal, .absent { color: #666; margin: .2rem 0 .5rem } .absent { font-size: .85rem }
em { font-style: normal; color: #b00020; font-weight: 600 } em.met { color: #1b7f3b }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 400; width: 15rem; white-space: nowrap }
td { padding: 1px 6px; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
td.bars { width: 45%; position: relative; padding: 0 }
td.bars i { display: block; height: 1rem; background: #b8c4d6 }
td.bars b { position: absolute; top: .5rem; height: 1px; background: #333 }
.ours th { font-weight: 700 } .ours td.bars i { background: #2f6fde }
svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: #444 }
`
