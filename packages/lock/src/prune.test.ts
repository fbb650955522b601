/** The mark "abandoned" is there until the next owner is told: `prune` leaves it, unless forced. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { list, observe, prune } from '@ipc/core'
import { temporaryDirectory, type TemporaryDirectory } from '@ipc/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Lock } from './lock.ts'
import { RLock } from './rlock.ts'
import { RWLock } from './rwlock/rwlock.ts'

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
    import { Lock, RLock, RWLock } from '@ipc/lock'
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
    kind: 'lock',
    theirs: `Lock.open('it').tryAcquire()`,
    ours: () => {
      const lock = Lock.open('it')
      return [lock, lock.tryAcquire()] as const
    },
  },
  {
    kind: 'rlock',
    theirs: `RLock.open('it').tryAcquire()`,
    ours: () => {
      const lock = RLock.open('it')
      return [lock, lock.tryAcquire()] as const
    },
  },
  {
    kind: 'rwlock',
    theirs: `RWLock.open('it').writer.tryAcquire()`,
    ours: () => {
      const lock = RWLock.open('it')
      return [lock, lock.writer.tryAcquire()] as const
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

test('who reads, or waits for readers to leave, has written nothing: then nothing is kept', () => {
  anotherProcess(`RWLock.open('it').reader.tryAcquire()`, 'is killed')
  expect(prune()).toEqual(['rwlock.it'])
})

test('prune() takes no other option', () => {
  expect(() => prune({ force: 1 as never })).toThrow(TypeError)
  expect(() => prune('all' as never)).toThrow(TypeError)
})
