/** Tests the options and names of people who come from flock and sem. */
import { symlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { places } from './arguments.ts'
import { Bench, until } from './fixtures/ipc.ts'
import { nameOf, planOf } from './plan.ts'

test.each([
  [{}, {}],
  [{ nonblock: true }, { timeout: 0 }],
  [{ wait: 300 }, { timeout: 300 }],
  [{ exclusive: true }, {}],
  [{ jobs: 3 }, { max: 3 }],
  [{ close: true }, { commandOnly: true }],
])('%o is the same as %o', (given, own) => {
  expect(planOf('a', ['true'], given)).toEqual(planOf('a', ['true'], own))
})

test.each([
  [{ nonblock: true, timeout: 3 }, '--timeout and --nonblock do not go together'],
  [{ shared: true, exclusive: true }, '--shared and --exclusive do not go together'],
  [{ max: 2, shared: true }, '--shared and --max do not go together'],
  [{ command: 'true' }, '--command and a command do not go together'],
])('%o: %s', (given, says) => {
  expect(() => planOf('a', ['true'], given)).toThrow(says)
})

test('places: a number, or a part of the CPUs', () => {
  const cpus = availableParallelism()
  expect(places('4')).toBe(4)
  expect(places('100%')).toBe(cpus)
  expect(places('200%')).toBe(2 * cpus)
  expect(places('1%')).toBe(1)
  for (const text of ['0', '0%', '%', '-1', 'x']) expect(() => places(text)).toThrow('no number')
})

describe('a path as a name', () => {
  test('names are as they were', async () => {
    expect(await nameOf('nightly')).toBe('nightly')
    expect(await nameOf('../x')).toBe('../x') // and refused
  })

  test('is the same for every way to its folder, and another one for another file', async () => {
    const bench = new Bench()
    const link = join(bench.home, 'link')
    symlinkSync('/tmp', link)
    const name = await nameOf('/tmp/back up.lock')
    expect(name).toMatch(/^path-back_up\.lock-[0-9a-f]{16}$/)
    expect(await nameOf(`${link}/../link//back up.lock`)).toBe(name)
    expect(await nameOf('/tmp/back_up.lock')).not.toBe(name)
    expect((await nameOf(`/tmp/${'x'.repeat(250)}`)).length).toBeLessThanOrEqual(128)
    await bench.end()
  })

  // The code must keep this name forever: programs of two versions exclude each other.
  test('is the same for ever', async () => {
    expect(await nameOf('/no-such-folder/a.lock')).toBe('path-a.lock-59ad4c3b3ea2b529')
  })
})

describe('ipc run', () => {
  let bench: Bench

  beforeEach(() => {
    bench = new Bench()
  })

  afterEach(async () => {
    await bench.end()
  })

  test('-c, a path, --verbose, -n and -E, as with flock', async () => {
    const path = join(bench.home, 'x.lock')
    const held = bench.start('run', path, '-c', 'echo up; exec sleep 1000')
    await held.says('up')
    await until(async () => (await bench.ipc('ls')).out.includes('held'), 'it is held')
    const { status, err } = await bench.ipc('run', '-xnv', '-E', '75', path, '--', 'true')
    expect(status).toBe(75)
    expect(err).toMatch(
      /^ipc: (path-x\.lock-\w+): held by \d+ for \d+s: \d+ sleep 1000\nipc: \1: given up after \d+\.\d{3} s\n$/,
    )
    held.child.kill('SIGTERM')
    await held.ended
    const free = await bench.ipc('run', '-v', path, '-c', 'exit 4')
    expect(free).toMatchObject({ status: 4 })
    expect(free.err).toMatch(/: acquired after \d+\.\d{3} s\n/)
  })

  test('the rest of a script under a lock', async () => {
    const script = `[ "\${LOCKED:-}" ] || LOCKED=1 exec $IPC run a -- sh "$0" "$@"
      $IPC run a -n -- true; echo "$1 $?"`
    const { out } = await bench.program(
      'sh',
      ['-c', `printf '%s\n' "$SCRIPT" >"$D/s"; exec sh "$D/s" one`],
      { SCRIPT: script, D: bench.home },
    ).ended
    expect(out).toBe('one 1\n')
  })
})
