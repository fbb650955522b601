/** The C of it alone, under a storm: as it is, and under valgrind where there is one. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const native = fileURLToPath(new URL('../../native/native/', import.meta.url))
const storm = fileURLToPath(new URL('fixtures/storm.c', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'ipc-storm-'))
const program = join(directory, 'storm')
const hasCompiler = spawnSync('cc', ['--version']).status === 0
const hasValgrind = spawnSync('valgrind', ['--version']).status === 0

afterAll(() => rmSync(directory, { recursive: true }))

describe.runIf(hasCompiler)('the native handler', { timeout: 600_000 }, () => {
  beforeAll(() => {
    const sources = ['signals.c', 'futex.c', 'error.c'].map((name) => join(native, name))
    const flags = ['-std=c11', '-g', '-O1', '-pthread', `-I${native}`]
    const built = spawnSync('cc', [...flags, '-o', program, storm, ...sources], {
      encoding: 'utf8',
    })
    expect(built.stderr).toBe('')
  })

  // Each of the three threads that start after the eviction may hand one signal on too late.
  test('counts every signal of a storm, and keeps their order but for young threads', () => {
    const run = spawnSync(program, ['20000'], { encoding: 'utf8' })
    expect(run.stdout).toMatch(/^80000 sent, 4\d{4} received, .* 0 lost, [0-3] out of order\n$/)
    expect(run.status).toBe(0)
  })

  test.runIf(hasValgrind)('does nothing that valgrind objects to', () => {
    const run = spawnSync('valgrind', ['-q', '--error-exitcode=9', program, '1000'], {
      encoding: 'utf8',
    })
    expect([run.status, run.status === 0 ? '' : run.stderr]).toEqual([0, ''])
  })
})
