import { expect, test } from 'vitest'
import type { Memory } from '@ipc/core/author'
import type { Thread } from './algorithm.ts'
import { check, replay } from './check.ts'
import { complete, pct, pos, preemptions, randomWalk } from './search/strategies.ts'

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

test('check() finds nothing in what is right, and says what it covered', () => {
  const report = check({ words: 1, threads: [soundHold, soundHold] }, { complete: true })
  expect(report).toMatchObject({ held: true, verdict: 'held', failure: null })
  expect(report.coverage).toContainEqual(
    expect.stringMatching(/^all schedules: the complete state graph, \d+ states$/),
  )
  expect(report.coverage).toContainEqual(expect.stringMatching(/^POS: 500 random schedules/))
  expect(String(report)).toMatch(/^HELD\n {2}all schedules with ≤ 0 preemptions: /)
})

test('check() finds two inside at once, and its token shows it again', () => {
  const algorithm = { words: 1, threads: [brokenHold, brokenHold] }
  const report = check(algorithm)
  expect(report).toMatchObject({ held: false, verdict: 'violated' })
  expect(report.failure!.verdict).toBe('T0 and T1 are inside at once, at most 1 may be')
  expect(String(replay(algorithm, report.failure!.token))).toBe(String(report))
  expect(replay(algorithm, '0-2')).toMatchObject({ held: true, failure: null })
})

test('replay() says which steps a changed algorithm could not take', () => {
  const { failure } = check({ words: 1, threads: [brokenHold, brokenHold] })
  const report = replay({ words: 1, threads: [() => {}, () => {}] }, failure!.token)
  expect(String(report)).toMatch(/of its steps could not be taken/)
})

test.each([
  ['preemptions', [preemptions(2)]],
  ['the complete graph', [complete]],
  ['a random walk', [randomWalk({ schedules: 2000 })]],
  ['PCT', [pct(3, { schedules: 2000 })]],
  ['POS', [pos({ schedules: 2000, seed: 7 })]],
])('%s alone finds two inside at once, and shows it with two preemptions', (_, strategies) => {
  const { failure } = check({ words: 1, threads: [brokenHold, brokenHold] }, { strategies })
  expect(failure).toMatchObject({ preemptions: 2 })
})

test('check() lets as many inside as may be', () => {
  const algorithm = { words: 1, threads: [brokenHold, brokenHold], inside: 2 }
  expect(check(algorithm).held).toBe(true)
})

test('check() asks about the words when nobody can go on', () => {
  const add = (memory: Memory): void => memory.store(0, memory.load(0) + 1)
  const { failure } = check({
    words: 1,
    threads: [add, add],
    atRest: (words) => (words.load(0) === 2 ? undefined : `the sum is ${words.load(0)}`),
  })
  expect(failure!.verdict).toBe('the sum is 1')
})

test('check() kills threads at any step when it is told to, and the token says so', () => {
  const algorithm = { words: 1, threads: [soundHold, soundHold] }
  expect(check(algorithm).held).toBe(true)
  // The owner died, and nobody checks for that.
  const { failure } = check(algorithm, { deaths: 1 })
  expect(failure!.verdict).toMatch(/^T\d sleeps, nobody will wake it/)
  expect(failure!.token).toMatch(/^deaths=1:/)
  expect(replay(algorithm, failure!.token).failure).toEqual(failure)
})

test('check() ends sleeps for no reason when it is told to', () => {
  const once = (memory: Memory, thread: Thread): void => {
    if (memory.compareExchange(0, FREE, HELD) !== FREE) memory.park(0, HELD, Infinity, memory.arm())
    thread.enter()
    thread.leave()
    sound.release(memory)
  }
  // One thread waits, and the other one releases only once: so only a spurious wake makes it go wrong.
  const owner = (memory: Memory, thread: Thread): void => {
    if (memory.compareExchange(0, FREE, HELD) !== FREE) return
    thread.enter()
    thread.leave()
    sound.release(memory)
  }
  const algorithm = { words: 1, threads: [owner, once] }
  expect(check(algorithm).held).toBe(true)
  const { failure } = check(algorithm, { spurious: 1 })
  expect(failure!.verdict).toBe('T0 and T1 are inside at once, at most 1 may be')
  expect(replay(algorithm, failure!.token).failure).toEqual(failure)
})

test('a wait that may time out does so at any moment, and no other', () => {
  const wait = (memory: Memory, thread: Thread): void => {
    thread.timed(() => memory.park(0, FREE, 10, memory.arm()))
    memory.store(0, HELD)
  }
  const waitWithoutEnd = (memory: Memory): void => {
    memory.park(0, FREE, 10, memory.arm())
  }
  expect(check({ words: 1, threads: [wait] }).held).toBe(true)
  expect(check({ words: 1, threads: [waitWithoutEnd] }).held).toBe(false)
})

test('check() says when the budget ran out', () => {
  const many = Array.from({ length: 8 }, () => soundHold)
  const report = check({ words: 1, threads: many }, { preemptions: 9, budgetMs: 1 })
  expect(report).toMatchObject({ held: false, verdict: 'not done', failure: null })
  expect(String(report)).toMatch(/^NOT DONE/)
})

test.each([
  [{ words: 0, threads: [soundHold] }, {}, 'words must be an integer from 1 to 4096: 0'],
  [{ words: 1, threads: [] }, {}, 'there must be 1 to 8 threads: 0'],
  [{ words: 1, threads: [{} as never] }, {}, 'a function, or made by tasks(): object'],
  [{ words: 1, threads: [soundHold] }, { deaths: -1 }, 'deaths must be an integer from 0 to 9: -1'],
  [{ words: 1, threads: [soundHold] }, { budgetMs: NaN }, 'budgetMs must be more than 0: NaN'],
  [{ words: 1, threads: [soundHold] }, { strategies: [] }, 'a list of at least one'],
  [{ words: 1, threads: [soundHold] }, { strategies: [{ name: 'x' }] }, 'a list of at least one'],
])('check() refuses %j with %j', (algorithm, options, message) => {
  expect(() => check(algorithm, options)).toThrow(message)
})

test.each(['?', 'deaths=x:0', '0-'])('replay() refuses the token %j', (token) => {
  const algorithm = { words: 1, threads: [soundHold] }
  expect(() => replay(algorithm, token)).toThrow(`not a token of a report: ${token}`)
})

test('code that depends on more than its answers is refused', () => {
  let calls = 0
  const odd = (memory: Memory): void => void memory.add(0, calls++)
  expect(() => check({ words: 1, threads: [odd] })).toThrow(/depends on more than its answers/)
})

test('asynchronous code is refused', () => {
  const task = (async () => {}) as unknown as (memory: Memory) => void
  expect(check({ words: 1, threads: [task] }).failure!.verdict).toContain('asynchronous')
})
