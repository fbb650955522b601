/** A lock is there so that nothing is lost. Each of these does 80,000 increments of two plain words. */
import { SharedMemory } from '@ipc/core'
import type * as core from '@ipc/core'
import {
  startProcess,
  startWorker,
  stopAll,
  temporaryDirectory,
  TornCounter,
  type Contender,
} from '@ipc/testing'
import type * as testing from '@ipc/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import type * as lockPackage from './index.ts'
import { Lock } from './lock.ts'

interface Modules {
  core: typeof core
  lock: typeof lockPackage
  testing: typeof testing
}

const CONTENDERS = 8
const INCREMENTS = 10_000

const modules = {
  core: import.meta.resolve('@ipc/core'),
  lock: import.meta.resolve('@ipc/lock'),
  testing: import.meta.resolve('@ipc/testing'),
}

const directory = temporaryDirectory()
afterEach(stopAll)
afterAll(() => directory.remove())

const processes = (count: number): Promise<Contender<Modules>>[] =>
  Array.from({ length: count }, () => startProcess<Modules>({ modules }))
const workers = (count: number): Promise<Contender<Modules>>[] =>
  Array.from({ length: count }, () => startWorker<Modules>({ modules }))

test(
  'Lock.open() excludes 8 processes from each other: 80,000 increments, none lost',
  { timeout: 120_000 },
  async () => {
    const memory = SharedMemory.open('counter', { byteLength: TornCounter.BYTES })
    const contenders = await Promise.all(processes(CONTENDERS))
    await Promise.all(
      contenders.map((contender) =>
        contender.start(({ core, lock, testing }, times) => {
          const mutex = lock.Lock.open('counter')
          const shared = core.SharedMemory.open('counter', { byteLength: 8 })
          const counter = new testing.TornCounter(shared.buffer)
          for (let i = 0; i < times; i++) {
            const guard = mutex.acquire()
            counter.increment()
            guard.release()
          }
        }, INCREMENTS),
      ),
    )
    expect(new TornCounter(memory.buffer).value).toBe(CONTENDERS * INCREMENTS)
    memory.close()
  },
)

test(
  'new Lock() excludes 8 workers from each other: 80,000 increments, none lost',
  { timeout: 120_000 },
  async () => {
    const mutex = new Lock()
    const memory = new SharedMemory({ byteLength: TornCounter.BYTES })
    const contenders = await Promise.all(workers(CONTENDERS))
    await Promise.all(
      contenders.map((contender) =>
        contender.start(
          ({ core, lock, testing }, { lockHandle, memoryHandle, times }) => {
            const theirs = lock.Lock.from(lockHandle)
            const shared = core.SharedMemory.from(memoryHandle)
            const counter = new testing.TornCounter(shared.buffer)
            for (let i = 0; i < times; i++) theirs.with(() => counter.increment())
          },
          { lockHandle: mutex.handle, memoryHandle: memory.handle, times: INCREMENTS },
        ),
      ),
    )
    expect(new TornCounter(memory.buffer).value).toBe(CONTENDERS * INCREMENTS)
  },
)

test(
  'Lock.open() excludes processes and workers, blocking and async: none lost',
  { timeout: 120_000 },
  async () => {
    const memory = SharedMemory.open('mixed', { byteLength: TornCounter.BYTES })
    const mutex = Lock.open('mixed')
    const contenders = await Promise.all([...processes(4), ...workers(4)])
    const others = contenders.map((contender, index) =>
      contender.start(
        async ({ core, lock, testing }, { isAsync, times }) => {
          const theirs = lock.Lock.open('mixed')
          const shared = core.SharedMemory.open('mixed', { byteLength: 8 })
          const counter = new testing.TornCounter(shared.buffer)
          const task = async (): Promise<void> => {
            for (let i = 0; i < times / 4; i++) {
              const guard = isAsync ? await theirs.acquireAsync() : theirs.acquire()
              counter.increment()
              if (isAsync && i % 64 === 0) await new Promise(setImmediate)
              guard.release()
            }
          }
          if (isAsync) await Promise.all([task(), task(), task(), task()])
          else for (let i = 0; i < 4; i++) await task()
        },
        { isAsync: index % 2 === 0, times: INCREMENTS },
      ),
    )
    const counter = new TornCounter(memory.buffer)
    const mine = 1000
    for (let i = 0; i < mine; i++) await mutex.withAsync(() => counter.increment())
    await Promise.all(others)
    expect(counter.value).toBe(CONTENDERS * INCREMENTS + mine)
    memory.close()
    mutex.close()
  },
)

test(
  'Lock.create() excludes children that were given its handle: none lost',
  { timeout: 120_000 },
  async () => {
    const mutex = Lock.create()
    const memory = SharedMemory.create({ byteLength: 64 })
    const inner = Lock.at(memory, 8) // in the same memory as the counters
    const contenders = await Promise.all(processes(CONTENDERS))
    await Promise.all(
      contenders.map((contender) =>
        contender.start(
          ({ core, lock, testing }, { handles, memoryHandle, times }) => {
            const shared = core.SharedMemory.from(memoryHandle)
            for (const [i, handle] of handles.entries()) {
              const theirs = lock.Lock.from(handle)
              const counter = new testing.TornCounter(shared.buffer, i * 8)
              for (let n = 0; n < times / 2; n++) theirs.with(() => counter.increment())
            }
          },
          {
            handles: [mutex.handle, inner.handle],
            memoryHandle: memory.handle,
            times: INCREMENTS,
          },
        ),
      ),
    )
    for (const offset of [0, 8]) {
      const counter = new TornCounter(memory.buffer, offset)
      expect(counter.value).toBe((CONTENDERS * INCREMENTS) / 2)
    }
    inner.close()
    memory.close()
    mutex.close()
  },
)
