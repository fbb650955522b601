import { expect, test } from 'vitest'
import { median, quantile } from './statistics.ts'

test('median() is the middle value, or between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
})

test('quantile() interpolates, and refuses no values', () => {
  expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20)
  expect(quantile([10, 20], 0.25)).toBe(12.5)
  expect(() => quantile([], 0.5)).toThrow(RangeError)
})
