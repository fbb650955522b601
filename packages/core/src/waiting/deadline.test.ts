import { expect, test } from 'vitest'
import { checkTimeout, deadlineAfter } from './deadline.ts'
import type { Memory } from '../memory/memory.ts'

test.each([
  [undefined, 0],
  [0, 0],
  [-0, 0],
  [-1, 0],
  [-Infinity, 0],
  [0.5, 0.5],
  [1e15, 1e15],
  [Infinity, Infinity],
])('checkTimeout(%s) is %s', (given, timeoutMs) => {
  expect(checkTimeout(given)).toBe(timeoutMs)
})

test.each([
  [Number.NaN, RangeError, 'ERR_OUT_OF_RANGE', 'timeoutMs must be a number of milliseconds: NaN'],
  ['5', TypeError, 'ERR_INVALID_ARG_TYPE', 'timeoutMs must be a number: "5"'],
  [null, TypeError, 'ERR_INVALID_ARG_TYPE', 'timeoutMs must be a number: null'],
  [5n, TypeError, 'ERR_INVALID_ARG_TYPE', 'timeoutMs must be a number: 5n'],
] as const)('checkTimeout(%s) throws', (given, Class, code, message) => {
  expect(() => checkTimeout(given)).toThrow(Class)
  expect(() => checkTimeout(given)).toThrow(expect.objectContaining({ code, message }))
})

test('deadlineAfter() counts from now, and never ends for Infinity', () => {
  const memory = { now: () => 1000 } as Memory
  expect(deadlineAfter(memory, 0)).toBe(1000)
  expect(deadlineAfter(memory, 20.5)).toBe(1020.5)
  expect(deadlineAfter(memory, Infinity)).toBe(Infinity)
})
