import type { Memory } from '@ipc/core/author'
import { expect, test } from 'vitest'
import { overAtomics } from './atomics.ts'
import { check, replay, tasks } from './event-loops.ts'
import * as now from './check.ts'

const wait = tasks<Memory>(async (memory, { signal }) => {
  const aborting = signal()
  await new Promise<void>((resolve) => {
    const abort = (): void => {
      aborting.removeEventListener('abort', abort)
      if (ticket.cancel()) resolve() // else it calls back
    }
    const ticket = memory.parkAsync(0, 0, memory.arm(), () => {
      aborting.removeEventListener('abort', abort)
      resolve()
    })
    aborting.addEventListener('abort', abort)
  })
})
const waitForEver = tasks<Memory>(async (memory) => {
  await new Promise<unknown>((resolve) => void memory.parkAsync(0, 0, memory.arm(), resolve))
})
const wake = (memory: Memory): void => void (memory.exchange(0, 1) + memory.unpark(0, 1))
const wakeNobody = (memory: Memory): void => void memory.exchange(0, 1)

test('check() explores event loops, with aborts', async () => {
  expect((await check({ words: 1, threads: [wait, wake] })).held).toBe(true)
  expect((await check({ words: 1, threads: [waitForEver, wake] })).held).toBe(true)
  const algorithm = { words: 1, threads: [waitForEver, wakeNobody] }
  const { failure } = await check(algorithm)
  expect(failure!.verdict).toMatch(/^T0 sleeps, nobody will wake it/)
  expect((await replay(algorithm, failure!.token)).failure).toEqual(failure)
})

test('the main entry refuses event loops where microtasks cannot be run', async () => {
  await Promise.resolve()
  expect(() => now.check({ words: 1, threads: [wait, wake] })).toThrow(/outside microtasks/)
})

/* ---- Atomics.waitAsync ------------------------------------------------------------------------- */

const untilSet = tasks<Int32Array>(async (words) => {
  for (;;) {
    const { async, value } = Atomics.waitAsync(words, 0, 0)
    if (!async) break
    await value
    if (Atomics.load(words, 0) !== 0) break
  }
  Atomics.add(words, 1, 1)
})
const set = (words: Int32Array): void => {
  Atomics.store(words, 0, 1)
  Atomics.notify(words, 0)
}
/** Wakes one of two that wait. */
const setForOne = (words: Int32Array): void => {
  Atomics.store(words, 0, 1)
  Atomics.notify(words, 0, 1)
}

test('Atomics.waitAsync sleeps until it is notified', async () => {
  const threads = [untilSet, untilSet]
  const held = await check(
    overAtomics({
      words: 2,
      threads: [...threads, set],
      atRest: (words) => (words.load(1) === 2 ? undefined : `${words.load(1)} have gone on`),
    }),
    { complete: true },
  )
  expect(held.held).toBe(true)
  const { failure } = await check(overAtomics({ words: 2, threads: [...threads, setForOne] }))
  expect(failure!.verdict).toMatch(/sleeps, nobody will wake it/)
})

test('Atomics.waitAsync with a time-out says that it timed out, was notified, or did not wait', async () => {
  const bits = { ok: 1, 'timed-out': 2, 'not-equal': 4 } as const
  const waits = tasks<Int32Array>(async (words) => {
    const { value } = Atomics.waitAsync(words, 0, 0, 10)
    Atomics.or(words, 1, bits[await value])
  })
  for (const [how, bit] of Object.entries(bits)) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { failure } = await check(
      overAtomics({
        words: 2,
        threads: [waits, set],
        atRest: (words) => (words.load(1) === bit ? how : undefined),
      }),
    )
    expect(failure?.verdict).toBe(how)
  }
})

test('no two outcomes of one Atomics.waitAsync are seen', async () => {
  const waits = tasks<Int32Array>(async (words) => {
    await Atomics.waitAsync(words, 0, 0, 10).value
    Atomics.add(words, 1, 1)
  })
  const report = await check(
    overAtomics({
      words: 2,
      threads: [waits, waits, set],
      atRest: (words) => (words.load(1) === 2 ? undefined : 'not each of them went on'),
    }),
  )
  expect(report.held).toBe(true)
})
