import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { summarise } from './ci-summary.js'

let root = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ci-summary-'))
})

afterEach(() => {
  rmSync(root, { recursive: true })
})

/**
 * @param {string} name
 * @param {number} startTime
 * @param {Record<string, number>} exitCodes by task, as in `lock#test`
 */
function leaveRun(name, startTime, exitCodes) {
  const tasks = Object.entries(exitCodes).map(([taskId, exitCode]) => {
    const [folder, task] = taskId.split('#')
    return { taskId, task, directory: `packages/${folder}`, execution: { exitCode } }
  })
  const folder = join(root, '.turbo/runs')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ execution: { startTime }, tasks }))
}

/** @param {string} name @param {number} numPassedTests @param {number} numFailedTests */
function leaveReport(name, numPassedTests, numFailedTests) {
  const folder = join(root, 'packages', name, 'reports')
  mkdirSync(folder, { recursive: true })
  const success = numFailedTests === 0
  writeFileSync(
    join(folder, 'vitest.json'),
    JSON.stringify({ numPassedTests, numFailedTests, success }),
  )
}

/** @param {number} exitCode */
function count(exitCode) {
  const rows = summarise(root, exitCode)
  return {
    passed: rows.reduce((sum, row) => sum + row.passed, 0),
    failed: rows.reduce((sum, row) => sum + row.failed, 0),
  }
}

test('summarise() counts tests one by one and every other task once, though it ran twice', () => {
  leaveRun('b', 1, { 'lock#build': 0, 'lock#check': 0 })
  leaveRun('a', 2, { 'lock#build': 0, 'lock#test': 0, 'core#test': 0 })
  leaveReport('lock', 5, 0)
  leaveReport('core', 7, 0)
  expect(count(0)).toEqual({ passed: 14, failed: 0 })
})

test('summarise() counts failed tests and failed checks', () => {
  leaveRun('a', 1, { 'lock#check': 1, 'lock#test': 1 })
  leaveReport('lock', 5, 2)
  expect(count(1)).toEqual({ passed: 5, failed: 3 })
})

test('summarise() counts a test task that failed though each of its tests passed', () => {
  leaveRun('a', 1, { 'lock#test': 1 })
  leaveReport('lock', 5, 0)
  expect(count(1)).toEqual({ passed: 5, failed: 1 })
})

test('summarise() takes a missing report for a failure', () => {
  leaveRun('a', 1, { 'lock#test': 0 })
  expect(count(0)).toEqual({ passed: 0, failed: 1 })
})

test('summarise() takes a command that ran nothing for a failure', () => {
  expect(count(0)).toEqual({ passed: 0, failed: 1 })
})

test('summarise() takes an exit code that nothing explains for a failure', () => {
  leaveRun('a', 1, { 'lock#test': 0 })
  leaveReport('lock', 5, 0)
  expect(count(137)).toEqual({ passed: 5, failed: 1 })
})
