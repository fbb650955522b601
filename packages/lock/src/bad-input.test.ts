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
