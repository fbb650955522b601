/** Whatever timers a test has: a wait keeps the process alive as long as it is pending, and no longer. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryDirectory, uniqueName, type TemporaryDirectory } from '@ipc/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

const FIXTURE = fileURLToPath(new URL('fixtures/fake-timers.mjs', import.meta.url))

let directory: TemporaryDirectory

beforeAll(() => {
  directory = temporaryDirectory()
})
afterAll(() => directory.remove())

test.each([
  ['from the start', 'has it'],
  ['waiting', 'has it'],
  ['faked while it waits', 'has it'],
  ['real again while it waits', 'null'],
  ['the time of the test', 'null'],
  ['memory', 'has it'],
])(
  'timers that a test replaces: %s',
  async (what, printed) => {
    const program = ['--no-warnings', FIXTURE, what, uniqueName('fake')]
    const { stdout } = await promisify(execFile)(process.execPath, program, { timeout: 60_000 })
    expect(stdout).toBe(`${printed}\n`)
  },
  90_000,
)
