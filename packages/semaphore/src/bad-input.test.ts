import { join } from 'node:path'
import { overwriteOption, temporaryDirectory } from '@ipc/testing'
import {
  badInputLaws,
  expectRefusal,
  expectWaitsRefused,
  wrongFunctions,
  wrongIntegers,
  wrongOptions,
  type Anything,
} from '@ipc/testing/laws'
import { afterAll, describe, expect, test } from 'vitest'
import { BoundedSemaphore } from './bounded-semaphore.ts'
import { Semaphore } from './semaphore.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

const MAX = 0x7fffffff

badInputLaws('semaphore', Semaphore, { options: { value: 2 } })
badInputLaws('bounded', BoundedSemaphore, { options: { value: 2 } })

describe.each([Semaphore, BoundedSemaphore])('%s refuses', (Class) => {
  test.each([true, false])('values that are none {undo: %s}', async (undo) => {
    const table = undo ? wrongIntegers(1, 1000) : wrongIntegers(0, MAX)
    for (const row of table) {
      await expectRefusal((value) => new Class(value, { undo }), row)
      await expectRefusal((value) => Class.create({ value, undo }), row)
      await expectRefusal((value) => Class.open('values', { value, undo }), row)
      await expectRefusal((value) => Class.at(new SharedArrayBuffer(64), 0, { value, undo }), row)
      await expectRefusal((value) => Class.words({ value, undo }), row)
    }
    expect(Class.unlink('values')).toBe(false)
  })

  test('options that are none', async () => {
    for (const row of wrongOptions) {
      await expectRefusal((options) => new Class(1, options), row)
      await expectRefusal((options) => Class.create(options), row)
      await expectRefusal((options) => Class.words(options), row)
    }
    for (const undo of [1, 'yes', {}]) {
      expect(() => new Class(1, { undo: undo as Anything })).toThrow(TypeError)
      expect(() => Class.open('values', { undo: undo as Anything })).toThrow(TypeError)
    }
  })

  test.each([true, false])(
    'counts, time-outs and signals that are none {undo: %s}',
    async (undo) => {
      const semaphore = new Class(3, { undo })
      const guards = [semaphore.acquire(), semaphore.acquire()]
      for (const row of wrongIntegers(1, MAX)) {
        await expectRefusal((count) => semaphore.release(count), row)
      }
      await expectWaitsRefused({
        withTimeout: [
          (o: Anything) => semaphore.tryAcquire(o),
          (o: Anything) => semaphore.tryAcquireAsync(o),
        ],
        withSignal: [
          (o: Anything) => semaphore.acquireAsync(o),
          (o: Anything) => semaphore.tryAcquireAsync(o),
          (o: Anything) => semaphore.withAsync(() => {}, o),
        ],
      })
      for (const row of wrongFunctions) {
        await expectRefusal((body) => semaphore.with(body), row)
        await expectRefusal((body) => semaphore.withAsync(body), row)
      }
      expect(semaphore.value).toBe(1)
      for (const guard of guards) guard.release()
      expect(semaphore.inspect()).toMatchObject({ value: 3, waiting: false })
    },
  )
})

test('Semaphore.from() refuses a value that is none', () => {
  const { handle } = new Semaphore(2)
  for (const options of [
    [-1, 0, 0, 0],
    [1001, 1, 0, 0],
    [2, 1, 0, 0],
  ]) {
    expect(() => Semaphore.from({ ...handle, options } as Anything)).toThrow(RangeError)
  }
})

/** Values that are kept with an object are not believed: a stray write could have left them. */
test.each([
  [BoundedSemaphore, 0, MAX],
  [BoundedSemaphore, 0, 0],
  [BoundedSemaphore, 0, 1000],
  [BoundedSemaphore, 1, 7],
  [BoundedSemaphore, 1, 0],
  [BoundedSemaphore, 3, 1],
  [Semaphore, 0, -1],
  [Semaphore, 1, 1],
  [Semaphore, 2, 5],
] as const)('%o whose option %i at rest became %i is refused', (Class, option, value) => {
  Class.open('at-rest', { value: 4 }).close()
  overwriteOption(join(directory.path, `${Class.kind.name}.at-rest`), option, value)
  const corrupt = expect.objectContaining({ code: 'ERR_IPC_CORRUPT' })
  expect(() => Class.open('at-rest')).toThrow(corrupt)
  expect(Class.unlink('at-rest', { force: true })).toBe(true)
})
