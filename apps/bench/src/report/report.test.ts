import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { number } from './format.ts'
import { page } from './html.ts'
import type { JsonRow } from './json.ts'
import { figures, figuresIn, plain, withFigures } from './readme.ts'
import { table } from './table.ts'

const row = (given: Partial<JsonRow>): JsonRow => ({
  id: 'id',
  work: 'work',
  unit: 'ns',
  better: 'less',
  ours: 20,
  others: { theirs: 10, '<slow>': 4000 },
  target: '≤ 1.5 × theirs',
  met: false,
  bounds: [15],
  spread: { ours: [19, 21], theirs: [9, 11], '<slow>': [3000, 5000] },
  absent: { gone: 'no compiler' },
  machine: 'a machine',
  date: '2026-01-01T00:00:00.000Z',
  ...given,
})

test('number() shows three digits', () => {
  expect([0, 0.01234, 1.5, 17.26, 174.9, 175_432, 1_000_000].map(number)).toEqual([
    '0',
    '0.0123',
    '1.5',
    '17.3',
    '175',
    '175,000',
    '1,000,000',
  ])
})

test('table() has everybody, the best first, and who did not run', () => {
  const lines = table([row({})]).split('\n')
  expect(lines[0]).toBe('MISS work, ns')
  expect(
    lines.slice(2).map(
      (line) =>
        line
          .trim()
          .split(/ {2,}|→ /)
          .filter(Boolean)[0],
    ),
  ).toEqual(['theirs', 'ours', '<slow>', 'gone'])
})

test('page() draws a bar for everybody and a curve for each plot, and escapes names', () => {
  const plot = { title: 'Cost', along: 'calls' }
  const html = page([
    row({}),
    row({ id: 'p1', ours: 5, plot: { ...plot, x: 1 } }),
    row({ id: 'p10', ours: 50, plot: { ...plot, x: 10 } }),
  ])
  expect(html.match(/<tr/g)).toHaveLength(3)
  expect(html.match(/<polyline/g)).toHaveLength(3)
  expect(html).toContain('&lt;slow&gt;')
  expect(html).not.toContain('<slow>')
  expect(html).toContain('<em>missed</em>')
})

test('page() survives a figure of 0, which a logarithmic axis does not have', () => {
  expect(page([row({ ours: 0, spread: {} })])).not.toContain('NaN')
})

test('withFigures() replaces the block between the marks, and only that', () => {
  const marks = ['<!-- figures: written by apps/bench from a run -->', '<!-- /figures -->']
  const readme = withFigures(`before\n${marks[0]}\nold\n${marks[1]}\nafter`, [row({})])
  expect(readme).toMatch(/^before\n/)
  expect(readme).toMatch(/\nafter$/)
  expect(readme).not.toContain('old')
  expect(figuresIn(readme)).toBe(plain(figures([row({})])))
  expect(() => withFigures('no marks', [])).toThrow(/no block/)
})

const results = new URL('../../results/linux-x64.json', import.meta.url)
test.runIf(existsSync(results))('the figures of the README are those of the run kept here', () => {
  const rows = JSON.parse(readFileSync(results, 'utf8')) as JsonRow[]
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8')
  expect(figuresIn(readme)).toBe(plain(figures(rows)))
})
