/** Several realms of one thread, each with its own copy of the package: vm contexts, as test runners have. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryDirectory, uniqueName, type TemporaryDirectory } from '@ipc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('fixtures/realms.mjs', import.meta.url))
const FLAGS = ['--experimental-vm-modules', '--no-warnings']

let directory: TemporaryDirectory

beforeAll(() => {
  directory = temporaryDirectory()
})
afterAll(() => directory.remove())

async function outcomeOf(what: string): Promise<unknown> {
  const program = [...FLAGS, FIXTURE, what, uniqueName(what)]
  const { stdout } = await promisify(execFile)(process.execPath, program, { timeout: 60_000 })
  return JSON.parse(stdout)
}

test('each realm hears of its own wakes', async () => {
  expect(await outcomeOf('wakes')).toEqual({ classes: 3, granted: [true, true, true] })
}, 90_000)

test('an abort in one realm leaves the waits of the others alone', async () => {
  expect(await outcomeOf('aborts')).toEqual({ aborted: 'AbortError', granted: true })
}, 90_000)

test('realms exclude each other, and a blocking wait for another realm of the thread is refused', async () => {
  expect(await outcomeOf('one')).toEqual({ overlaps: 0, rounds: 180, code: 'ERR_IPC_DEADLOCK' })
}, 90_000)

test('a reader of one realm and a writer of another wait for each other', async () => {
  expect(await outcomeOf('sides')).toEqual([
    'a reads',
    'b writes',
    'b has written',
    'a reads again',
  ])
}, 90_000)

test('a wait in any realm keeps the process alive', async () => {
  expect(await outcomeOf('alive')).toEqual({ granted: true })
}, 90_000)
