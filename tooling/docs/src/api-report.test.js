import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fileOf, PACKAGES, reportOf } from './api-report.js'

test.each(PACKAGES)('api/%s.md is the public API', (name) => {
  expect(reportOf(name)).toBe(readFileSync(fileOf(name), 'utf8'))
})

test('a report has what the index exports, and what that refers to', () => {
  const report = reportOf('lock')
  expect(report).toContain('export declare class RWLock extends Primitive')
  expect(report).toMatch(/Not exported[^]*export declare class Reader extends Side/)
  expect(report).toContain(
    "export type { Guard, TryOptions, TryWaitOptions, WaitOptions } from '@ipc/core'",
  )
  expect(report).not.toContain('#private')
  expect(report).not.toContain('/**')
})
