import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Memory } from '@ipc/core'
import { expect, test } from 'vitest'
import { tasks, type Thread } from './algorithm.ts'
import { check } from './check.ts'

const FREE = 0
const HELD = 1

/** Sleeps until the word is free; wakes one. */
const sound = {
  acquire(memory: Memory): void {
    while (memory.compareExchange(0, FREE, HELD) !== FREE) {
      memory.park(0, HELD, Infinity, memory.arm())
    }
  },
  release(memory: Memory): void {
    memory.store(0, FREE)
    memory.unpark(0, 1)
  },
}

const broken = {
  ...sound,
  acquire(memory: Memory): void {
    while (memory.load(0) !== FREE) memory.park(0, HELD, Infinity, memory.arm())
    memory.store(0, HELD)
  },
}

const holding =
  (lock: typeof sound) =>
  (memory: Memory, thread: Thread): void => {
    lock.acquire(memory)
    thread.enter()
    thread.leave()
    lock.release(memory)
  }

const soundHold = holding(sound)
const brokenHold = holding(broken)

test('check() finds nothing in what is right, and says what it covered', async () => {
  const result = await check({ words: 1, threads: [soundHold, soundHold] }, { complete: true })
  expect(result).toMatchObject({ verdict: 'held', timeline: null, schedule: null })
  expect(result.text).toMatch(/^all schedules: the complete state graph, \d+ states$/)
  expect(result.covered).toContainEqual(expect.stringMatching(/^POS: 500 random schedules/))
})

test('check() finds two inside at once, and its schedule shows it again', async () => {
  const algorithm = { words: 1, threads: [brokenHold, brokenHold] }
  const result = await check(algorithm)
  expect(result.verdict).toBe('violated')
  expect(result.text).toBe('T0 and T1 are inside at once, at most 1 may be')
  const again = await check(algorithm, { schedule: result.schedule! })
  expect(String(again)).toBe(String(result))
  expect((await check(algorithm, { schedule: '0-2' })).verdict).toBe('held')
})

test('check() lets as many inside as may be', async () => {
  const algorithm = { words: 1, threads: [brokenHold, brokenHold], inside: 2 }
  expect((await check(algorithm)).verdict).toBe('held')
})

test('check() asks about the words when nobody can go on', async () => {
  const add = (memory: Memory): void => memory.store(0, memory.load(0) + 1)
  const result = await check({
    words: 1,
    threads: [add, add],
    atRest: (words) => (words.load(0) === 2 ? undefined : `the sum is ${words.load(0)}`),
  })
  expect(result.text).toBe('the sum is 1')
})

test('check() kills threads at any step when it is told to', async () => {
  const algorithm = { words: 1, threads: [soundHold, soundHold] }
  expect((await check(algorithm)).verdict).toBe('held')
  // The owner died, and nobody looks for that.
  expect((await check(algorithm, { crashes: 1 })).text).toMatch(/^T\d sleeps, nobody will wake it/)
})

test('check() explores event loops, with aborts', async () => {
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
  expect((await check({ words: 1, threads: [wait, wake] })).verdict).toBe('held')
  expect((await check({ words: 1, threads: [waitForEver, wake] })).verdict).toBe('held')
  expect((await check({ words: 1, threads: [waitForEver, wakeNobody] })).verdict).toBe('violated')
})

test('check() says when the budget ran out', async () => {
  const many = Array.from({ length: 8 }, () => soundHold)
  const result = await check({ words: 1, threads: many }, { preemptions: 9, budgetMs: 1 })
  expect(result.verdict).toBe('not done')
})

test.each([
  [{ words: 0, threads: [soundHold] }, {}, 'words must be an integer from 1 to 4096: 0'],
  [{ words: 1, threads: [] }, {}, 'there must be 1 to 8 threads: 0'],
  [{ words: 1, threads: [soundHold] }, { crashes: -1 }, 'crashes must be an integer from 0 to 9'],
  [{ words: 1, threads: [soundHold] }, { budgetMs: NaN }, 'budgetMs must be more than 0: NaN'],
  [{ words: 1, threads: [soundHold] }, { schedule: '?' }, 'not a schedule that check() named: ?'],
])('check() refuses %j with %j', async (algorithm, options, message) => {
  await expect(check(algorithm, options)).rejects.toThrow(message)
})

const folder = new URL('../../', import.meta.url)
const node = (file: URL): string =>
  execFileSync(process.execPath, [fileURLToPath(file)], { encoding: 'utf8' })

test('the example finds the planted bug, and nothing in the right one', () => {
  const printed = node(new URL('examples/spin-then-park.js', folder))
  expect(printed).toMatch(
    /^SpinThenPark\nHELD: all schedules with ≤ 2 preemptions: [\d,]+ states$/m,
  )
  expect(printed).toMatch(/^LooksTooEarly\nVIOLATED: T\d sleeps, nobody will wake it/m)
})

test('the example of the README prints what it says', () => {
  const page = readFileSync(new URL('README.md', folder), 'utf8')
  const [, code, output] = /```js\n([^`]+?)```\n\n```text\n([^`]+?)```/.exec(page)!
  const file = new URL('examples/.readme.mjs', folder)
  writeFileSync(file, code!)
  try {
    expect(node(file)).toBe(output)
  } finally {
    rmSync(file)
  }
})
