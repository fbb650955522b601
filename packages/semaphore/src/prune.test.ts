/** The mark "abandoned" is there until the next owner is told: `prune` leaves it, unless forced. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { list, observe, prune } from '@ipc/core'
import { temporaryDirectory, type TemporaryDirectory } from '@ipc/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BoundedSemaphore } from './bounded-semaphore.ts'
import { Semaphore } from './semaphore.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))

let directory: TemporaryDirectory

beforeEach(() => {
  directory = temporaryDirectory()
})

afterEach(() => directory.remove())

/** Another process, which acquires one and is killed, or ends in good order. */
function anotherProcess(acquire: string, end: 'is killed' | 'releases'): void {
  const last = end === 'releases' ? 'guard.release()' : "process.kill(process.pid, 'SIGKILL')"
  const program = `
    import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
    const guard = ${acquire}
    if (guard === null) throw new Error('not acquired')
    ${last}
  `
  const flags = ['--input-type=module', '--eval', program]
  const { status, signal, stderr } = spawnSync(process.execPath, flags, {
    cwd: HERE,
    encoding: 'utf8',
  })
  expect({ status, signal, stderr }).toEqual(
    end === 'releases'
      ? { status: 0, signal: null, stderr: '' }
      : { status: null, signal: 'SIGKILL', stderr: '' },
  )
}

const KINDS = [
  {
    kind: 'bounded',
    theirs: `BoundedSemaphore.open('it', { value: 1 }).tryAcquire()`,
    ours: () => {
      const semaphore = BoundedSemaphore.open('it', { value: 1 })
      return [semaphore, semaphore.tryAcquire()] as const
    },
  },
  {
    kind: 'semaphore',
    theirs: `Semaphore.open('it', { value: 1, undo: true }).tryAcquire()`,
    ours: () => {
      const semaphore = Semaphore.open('it', { value: 1, undo: true })
      return [semaphore, semaphore.tryAcquire()] as const
    },
  },
]

for (const { kind, theirs, ours } of KINDS) {
  test(`${kind}: prune() keeps it for the next owner, who is told; then it may go`, () => {
    anotherProcess(theirs, 'is killed')
    expect(list()).toMatchObject([{ kind, name: 'it', users: [], abandoned: true }])
    expect(prune()).toEqual([])
    expect(prune({ force: false })).toEqual([])
    const [object, guard] = ours()
    expect(guard?.abandoned).toBe(true)
    expect(list()[0]).not.toHaveProperty('abandoned')
    guard?.release()
    object.close()
    expect(prune()).toEqual([`${kind}.it`])
  })

  test(`${kind}: prune({ force: true }) removes it, and one that was released needs no force`, () => {
    anotherProcess(theirs, 'is killed')
    expect(prune({ force: true })).toEqual([`${kind}.it`])
    expect(observe().objects).toEqual([])
    anotherProcess(theirs, 'releases')
    expect(list()).toEqual([{ kind, name: 'it', users: [] }])
    expect(prune()).toEqual([`${kind}.it`])
  })
}

test('one without undo has no owners: a killed holder leaves no mark, and nothing is kept', () => {
  anotherProcess(`Semaphore.open('it', { value: 1 }).tryAcquire()`, 'is killed')
  expect(list()).toEqual([{ kind: 'semaphore', name: 'it', users: [] }])
  expect(prune()).toEqual(['semaphore.it'])
})
