/** The C code alone: under a storm, under valgrind where there is one, and step by step. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const native = fileURLToPath(new URL('../../../native/c/', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'ipc-signals-'))
const storm = join(directory, 'storm')
const eachStep = join(directory, 'each-step')
const hasCompiler = spawnSync('cc', ['--version']).status === 0
const hasValgrind = spawnSync('valgrind', ['--version']).status === 0

const NOT_ALLOWED = 77

function build(program: string, source: string): void {
  const fixture = fileURLToPath(new URL(`../fixtures/${source}`, import.meta.url))
  const names = [
    'signals/signals.c',
    'signals/dispositions.c',
    'signals/masks.c',
    'signals/threads.c',
    'os/futex.c',
    'os/error.c',
  ]
  const sources = names.map((name) => join(native, name))
  const flags = ['-std=c11', '-g', '-O1', '-pthread', `-I${native}`]
  const built = spawnSync('cc', [...flags, '-o', program, fixture, ...sources], {
    encoding: 'utf8',
  })
  expect(built.stderr).toBe('')
}

afterAll(() => rmSync(directory, { recursive: true }))

describe.runIf(hasCompiler)('the native handler', { timeout: 600_000 }, () => {
  beforeAll(() => {
    build(storm, 'storm.c')
    build(eachStep, 'each-step.c')
  })

  // Each of the three threads that start after the eviction may hand one signal on too late.
  test('counts every signal of a storm, and keeps their order but for young threads', () => {
    const run = spawnSync(storm, ['20000'], { encoding: 'utf8' })
    expect(run.stdout).toMatch(/^80000 sent, 4\d{4} received, .* 0 lost, [0-3] out of order\n$/)
    expect(run.status).toBe(0)
  })

  test.runIf(hasValgrind)('does nothing that valgrind objects to', () => {
    const run = spawnSync('valgrind', ['-q', '--error-exitcode=9', storm, '1000'], {
      encoding: 'utf8',
    })
    expect([run.status, run.status === 0 ? '' : run.stderr]).toEqual([0, ''])
  })

  test('ends a sleep, before whichever instruction on the way to it the signal comes', (context) => {
    const run = spawnSync(eachStep, { encoding: 'utf8' })
    context.skip(run.status === NOT_ALLOWED, 'no process may be traced here')
    expect(run.stdout).toMatch(/^\d+ steps to sleep, and a signal after each ended it\n$/)
    expect(run.status).toBe(0)
  })
})
