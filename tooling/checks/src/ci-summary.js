/**
 * Counts what one run of the test command did and prints, last, `N passed, N failed`: every test of
 * every package, and every other task (build, lint, types, format) as one.
 *
 *   node ci-summary.js <exit code of the command> [repository]
 *
 * It reads what the run left behind: a summary of each turbo run (TURBO_RUN_SUMMARY=true) and the
 * report of each package's tests, which a cached task brings back with it. Doubt counts as failure.
 * It needs no installed package, so that it also works when the installation itself failed.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * @typedef {{ name: string, passed: number, failed: number, note?: string }} Row
 * @typedef {{ taskId: string, task: string, package?: string, directory: string, execution?: { exitCode?: number | null } }} Task
 */

/**
 * @param {string} root
 * @param {number} exitCode
 * @returns {Row[]}
 */
export function summarise(root, exitCode) {
  const tasks = [...tasksOf(root).values()]
  const tests = tasks.filter((task) => task.task === 'test')
  const rows = tests.map((task) => testRow(root, task))
  for (const task of tasks) {
    if (task.task === 'test') continue
    const isDone = task.execution?.exitCode === 0
    rows.push({ name: task.taskId, passed: Number(isDone), failed: Number(!isDone) })
  }
  if (tests.length === 0) {
    rows.push({ name: 'test', passed: 0, failed: 1, note: 'no package was tested' })
  }
  if (exitCode !== 0 && rows.every((row) => row.failed === 0)) {
    rows.push({ name: 'command', passed: 0, failed: 1, note: `exit code ${exitCode}` })
  }
  return rows
}

/**
 * @param {string} root
 * @returns {Map<string, Task>} the last execution of each task
 */
function tasksOf(root) {
  const folder = join(root, '.turbo', 'runs')
  const runs = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.endsWith('.json'))
    : []
  /** @type {Map<string, Task>} */
  const tasks = new Map()
  for (const run of runs.map((name) => readJson(join(folder, name))).toSorted(byStart)) {
    for (const task of run.tasks) tasks.set(task.taskId, task)
  }
  return tasks
}

/**
 * @param {{ execution: { startTime: number } }} a
 * @param {{ execution: { startTime: number } }} b
 */
function byStart(a, b) {
  return a.execution.startTime - b.execution.startTime
}

/**
 * @param {string} root
 * @param {Task} task
 * @returns {Row}
 */
function testRow(root, task) {
  const isDone = task.execution?.exitCode === 0
  const path = join(root, task.directory, 'reports', 'vitest.json')
  if (!existsSync(path)) {
    return { name: task.taskId, passed: 0, failed: 1, note: 'left no report' }
  }
  const report = readJson(path)
  const failed = Math.max(report.numFailedTests, Number(!isDone || !report.success))
  return { name: task.taskId, passed: report.numPassedTests, failed }
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const exitCode = Number(process.argv[2] ?? 1)
  const rows = summarise(resolve(process.argv[3] ?? '.'), exitCode)
  const passed = rows.reduce((sum, row) => sum + row.passed, 0)
  const failed = rows.reduce((sum, row) => sum + row.failed, 0)
  console.log()
  for (const { name, passed: good, failed: bad, note } of rows) {
    console.log(`${name}: ${good} passed, ${bad} failed${note ? ` (${note})` : ''}`)
  }
  console.log(`\n${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? exitCode || 1 : 0
}
