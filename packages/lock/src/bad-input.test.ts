import { runInNewContext } from 'node:vm'
import { SharedMemory } from '@ipc/core'
import { temporaryDirectory } from '@ipc/testing'
import {
  badInputLaws,
  expectRefusal,
  expectWaitsRefused,
  wrongFunctions,
  type Anything,
} from '@ipc/testing/laws'
import { afterAll, expect, test } from 'vitest'
import { Lock } from './lock.ts'
import { RWLock } from './rwlock/rwlock.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

badInputLaws('lock', Lock)

test.each([
  ['thread', (): Lock => new Lock()],
  ['process', (): Lock => Lock.create()],
] as const)(
  'Lock refuses time-outs, signals and functions that are none (%s scope)',
  async (_, make) => {
    const lock = make()
    const refuse = async (): Promise<void> => {
      await expectWaitsRefused({
        withTimeout: [
          (o: Anything) => lock.tryAcquire(o),
          (o: Anything) => lock.tryAcquireAsync(o),
        ],
        withSignal: [
          (o: Anything) => lock.acquireAsync(o),
          (o: Anything) => lock.tryAcquireAsync(o),
          (o: Anything) => lock.withAsync(() => {}, o),
        ],
      })
      for (const row of wrongFunctions) {
        await expectRefusal((body) => lock.with(body), row)
        await expectRefusal((body) => lock.withAsync(body), row)
      }
    }
    await refuse()
    expect(lock.locked).toBe(false)
    const guard = lock.acquire()
    await refuse()
    expect(guard.held).toBe(true)
    guard.release()
    expect(lock.inspect()).toMatchObject({ locked: false, waiting: false })
    lock.close()
  },
)

test('Lock.at() refuses what is no memory, and a memory that was closed', () => {
  expect(() => Lock.at(RWLock.create(), 0)).toThrow('must be a SharedMemory')
  for (const memory of [
    SharedMemory.create({ byteLength: 64 }),
    new SharedMemory({ byteLength: 64 }),
  ]) {
    const lock = Lock.at(memory, 0)
    memory.close()
    expect(() => Lock.at(memory, 0)).toThrow(expect.objectContaining({ code: 'ERR_IPC_CLOSED' }))
    lock.acquire().release()
    lock.close()
  }
})

test('Lock.at() finds room in a SharedArrayBuffer that has grown', () => {
  const buffer = new SharedArrayBuffer(16, { maxByteLength: 64 })
  const first = Lock.at(buffer, 0)
  first.acquire()
  buffer.grow(64)
  const last = Lock.at(buffer, 13)
  expect(last.tryAcquire()).not.toBeNull()
  expect(Lock.at(buffer, 0).locked).toBe(true)
})

test('a SharedArrayBuffer of another realm is one, as in a test that runs in a context', () => {
  const buffer = runInNewContext('new SharedArrayBuffer(64)') as SharedArrayBuffer
  const lock = Lock.at(buffer, 0)
  lock.acquire()
  expect(Lock.from({ ...lock.handle, buffer }).locked).toBe(true)
})
