import { expect, test } from 'vitest'
import { durationMs, integer, UsageError } from './usage.ts'

test.each([
  ['40s', 40_000],
  ['1.5s', 1500],
  ['500ms', 500],
  ['2m', 120_000],
  ['7', 7000],
])('durationMs() reads %s', (text, ms) => {
  expect(durationMs('--budget', text)).toBe(ms)
})

test.each(['', '0', '-1s', '40x', 'soon', '1e3s'])('durationMs() refuses "%s"', (text) => {
  expect(() => durationMs('--budget', text)).toThrow(UsageError)
})

test.each(['', '1.5', 'four', '0x4', '9'])('integer() refuses "%s"', (text) => {
  expect(() => integer('--workers', text, 0, 8)).toThrow(
    `--workers must be an integer from 0 to 8: ${text}`,
  )
})
