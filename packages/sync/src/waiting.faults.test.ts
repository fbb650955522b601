/**
 * Processes that kill themselves before each single operation on shared memory, of a Condition and
 * of a Barrier: wakes of the dead go to others, a dead party breaks the barrier, nobody sleeps on.
 */
import { SharedMemory } from '@ipc/core'
import { type Memory } from '@ipc/core/author'
import { Lock } from '@ipc/lock'
import { beforeAll, describe } from 'vitest'
import { NIGHTLY, WATCHDOG_MS, within } from '../../core/src/fixtures/actors.mjs'
import {
  asking,
  blocks,
  castOf,
  deathsOf,
  parks,
  sleeps,
  type Own,
} from '../../core/src/fixtures/death-tests.mjs'
import type { Scenario, Stage } from '../../core/src/fixtures/death-at-every-step.mjs'
import { Barrier } from './barrier/barrier.ts'
import { Condition } from './condition/condition.ts'

const cast = castOf(new URL('fixtures/waiting-faults.mjs', import.meta.url), [
  'block',
  'block',
  'async',
])

describe('a process that dies before any operation of a Condition', () => {
  const CONDITION = Lock.words()
  const FLAG = CONDITION + Condition.words()
  const testDeaths = deathsOf('Condition', cast)
  let words: Memory
  let lock: Lock
  let condition: Condition
  let toldHere = 0

  beforeAll(() => {
    const memory = SharedMemory.open('condition', { byteLength: (FLAG + 1) * 4 })
    words = memory.words
    lock = Lock.at(memory, 0)
    condition = Condition.at(memory, CONDITION, { lock })
  })

  const underTheLock = (act: () => void): void => {
    const guard = lock.acquire()
    if (guard.abandoned) {
      toldHere++
      condition.notifyAll()
    }
    act()
    guard.release()
  }
  const setFlag = (count: number): void =>
    underTheLock(() => {
      words.store(FLAG, 1)
      condition.notify(count)
    })

  const stage = (): Own<Stage> => ({
    // The flag is set, and three are notified: if the victim is the oldest, a survivor is not.
    hold: () => () => setFlag(3),
    settle: () => {
      // A victim that died in its entry: its wake goes to the one that is left, without our help.
      if (cast.diary.balance !== 0 && words.load(FLAG) === 1) return
      setFlag(3)
    },
    finish: () => {
      const guard = lock.tryAcquire({ timeoutMs: WATCHDOG_MS })
      words.store(FLAG, 0)
      guard!.release()
      const told = toldHere + (guard!.abandoned ? 1 : 0)
      toldHere = 0
      return told
    },
    expected: ({ held }) => held,
    idle: () => {
      if (lock.locked) return 'the lock is not free'
      return condition.inspect().waiting === 0 ? null : 'somebody waits'
    },
  })

  const SCENARIOS: Scenario[] = [
    { name: 'condition: notify', held: false, early: true },
    { name: 'condition: wait', held: true, early: false, sleeps: blocks },
    { name: 'condition: wait async', held: true, early: false, sleeps: parks },
    { name: 'condition: abort', held: true, early: false, sleeps: () => false },
  ]
  if (NIGHTLY) {
    SCENARIOS.push(
      { name: 'condition: wait', held: true, early: true, sleeps: blocks },
      { name: 'condition: try for a while', held: true, early: false, sleeps: () => false },
    )
  }
  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'after others' : 'before others'
    const promise = 'all the others go on, and are told if it had the lock'
    testDeaths(`${scenario.name}, ${when}: ${promise}`, scenario, stage)
  }
})

describe('a process that dies before any operation of a Barrier', () => {
  const PARTIES = 5
  const PASSED = Barrier.words({ parties: PARTIES })
  const testDeaths = deathsOf('Barrier', cast)
  let words: Memory
  let barrier: Barrier
  let mine: Promise<unknown> = Promise.resolve()

  beforeAll(() => {
    const memory = SharedMemory.open('barrier', { byteLength: (PASSED + 1) * 4 })
    words = memory.words
    barrier = Barrier.at(memory, 0, { parties: PARTIES })
  })

  const arrive = (): void => {
    mine = barrier.waitAsync().catch(() => {})
  }
  const stage = (): Own<Stage> => ({
    survivors: asking(cast.survivors, (_turn, args) => ['arrive', ...args]),
    // A party that wakes up from a broken round goes on, so survivors sleep only if it is not broken.
    asleep: () => cast.survivors.every(sleeps) || barrier.broken,
    hold: () => arrive,
    settle: () => {
      if (cast.diary.held === 0) barrier.abort() // it had no place: without it, they would wait on
    },
    finish: async () => {
      await within('the test’s own party', mine)
      const passed = words.exchange(PASSED, 0)
      if (passed !== 0 && passed !== 3) throw new Error(`${passed} of 3 passed`)
      barrier.reset()
      const all = Array.from({ length: PARTIES }, () => barrier.waitAsync())
      await within('a whole round', Promise.all(all))
      return 0
    },
    expected: () => 0,
    idle: () => (barrier.broken || barrier.waiting > 0 ? 'it is not idle' : null),
  })

  const SCENARIOS: Scenario[] = [
    { name: 'barrier: wait', held: false, early: true, beforeGo: arrive },
    { name: 'barrier: wait async', held: false, early: true, beforeGo: arrive },
    { name: 'barrier: wait', held: true, early: false, sleeps: blocks },
    { name: 'barrier: abort its call', held: true, early: true, sleeps: () => false },
    { name: 'barrier: abort', held: true, early: true, sleeps: () => false },
    { name: 'barrier: reset', held: true, early: true, sleeps: () => false },
  ]
  if (NIGHTLY) {
    SCENARIOS.push(
      { name: 'barrier: wait async', held: true, early: false, sleeps: parks },
      { name: 'barrier: wait', held: true, early: true, sleeps: blocks },
      { name: 'barrier: try for a while', held: true, early: true, sleeps: () => false },
    )
  }
  for (const scenario of SCENARIOS) {
    const when = scenario.beforeGo
      ? 'as the last'
      : `in the middle, ${scenario.early ? 'after others' : 'before others'}`
    const title = `${scenario.name}, ${when}: all the others pass, or none`
    testDeaths(title, scenario, stage)
  }
})
