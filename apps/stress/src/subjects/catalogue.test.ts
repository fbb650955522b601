import { expect, test } from 'vitest'
import { UsageError } from '../usage.ts'
import { CATALOGUE } from './catalogue.ts'
import { bounded, budgetUntil, inMacrotask } from '@ipc/explorer/engine'
import { describeProgram, parseProgram } from './program.ts'
import { ProgramExplorer } from './search.ts'
import { fromToken, toToken } from './token.ts'

// A wait of a Condition reads every entry: with one preemption its programs take over a minute. So do
// programs in which a sleeper watches everybody.
const PREEMPTIONS = new Map([
  ['condition', 0],
  ['openers', 0],
])

test.each([...CATALOGUE])(
  '%s: nothing with few preemptions',
  { timeout: 120_000 },
  async (subject, texts) => {
    const preemptions = PREEMPTIONS.get(subject) ?? 1
    const found = await inMacrotask(() =>
      texts.filter((text) => {
        const explorer = new ProgramExplorer()
        const result = explorer.search(
          parseProgram(text),
          [bounded(preemptions)],
          budgetUntil(Infinity),
        )
        return result.finding !== null || !result.outcomes[0]!.complete
      }),
    )
    expect(found).toEqual([])
  },
)

test('programs and tokens are read back as they were written', () => {
  for (const text of [...CATALOGUE.values()].flat()) {
    const program = parseProgram(text)
    expect(describeProgram(program)).toBe(text)
    const schedule = [0, 0, 0, 1, 17, 17, 200]
    expect(fromToken(toToken({ program, schedule }))).toMatchObject({ program, schedule })
  }
})

test('what is no program, or no token, is refused', () => {
  for (const text of ['', 'rope/hold', 'lock', 'lock/jump', 'lock/hold/hold/hold/hold/hold']) {
    expect(() => parseProgram(text)).toThrow(UsageError)
  }
  expect(() => fromToken('x:lock/hold')).toThrow(UsageError)
})
