/**
 * Processes that kill themselves before each single operation on shared memory, of a Condition and
 * of a Barrier: wakes of the dead go to others, a dead party breaks the barrier, nobody sleeps on.
 */
import { SharedMemory, type Memory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Company,
  NIGHTLY,
  WATCHDOG_MS,
  blocksInFutex,
  figures,
  median,
  threadsNamed,
  within,
  type Actor,
} from '../../core/src/fixtures/actors.mjs'
import {
  dieAtEveryStep,
  type Scenario,
  type Stage,
} from '../../core/src/fixtures/death-at-every-step.mjs'
import { Diary, DIARY_BYTES } from '../../core/src/fixtures/dying-memory.mjs'
import { Barrier } from './barrier.ts'
import { Condition } from './condition.ts'

const FIXTURE = new URL('fixtures/waiting-faults.mjs', import.meta.url)

const sleepsBlocking = (victim: Actor): boolean => victim.asleep
const sleepsAsync = (actor: Actor): boolean =>
  threadsNamed(actor.pid, 'ipc-parker').some((tid) => blocksInFutex(actor.pid, tid))
const sleep = (survivors: readonly Actor[]): boolean =>
  survivors.every((survivor) => (survivor.async ? sleepsAsync(survivor) : survivor.asleep))

let company: Company
let diary: Diary
let survivors: Actor[]

beforeAll(async () => {
  company = new Company(FIXTURE, { ahead: 4 })
  process.env['IPC_DIR'] = company.directory
  diary = new Diary(SharedMemory.open('diary', { byteLength: DIARY_BYTES }).buffer)
  survivors = await company.hireMany(3)
  survivors[2]!.async = true
}, WATCHDOG_MS)

afterAll(() => company.end())

/** Survivors have one kind of turn in a Condition, and another in a Barrier. */
const whoCall = (name: string): Actor[] =>
  survivors.map((survivor) =>
    Object.assign(Object.create(survivor) as Actor, {
      call: (_turn: string, isAsync: boolean) => survivor.call(name, isAsync),
    }),
  )

function run(
  stage: Stage,
  turn: string,
  scenario: Scenario,
  when: string,
  promise: string,
  times: number[],
): void {
  const title = `${scenario.name}, ${when}`
  test(`${title}: ${promise}`, async () => {
    for (let round = 0; round < (NIGHTLY ? 10 : 1); round++) {
      const result = await dieAtEveryStep(
        { ...stage, company, survivors: whoCall(turn), diary },
        scenario,
      )
      times.push(...result.times)
      process.stdout.write(
        `  ${title}: ${result.steps} steps, ${result.times.map((ms) => ms.toFixed(1)).join(' ')} ms\n`,
      )
      expect(median(result.times)).toBeLessThan(100)
    }
  }, 180_000)
}

/** The stage without those who are known only when the tests run. */
const nobody = { company: null as never, survivors: [], diary: null as never }

describe('a process that dies before any operation of a Condition', () => {
  const CONDITION = Lock.words()
  const FLAG = CONDITION + Condition.words()
  const times: number[] = []
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
  afterAll(() => figures('Condition, death at every step, until all three went on', times))

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

  const stage: Stage = {
    ...nobody,
    // The flag is set, and three are notified: if the victim is the oldest, a survivor is not.
    hold: () => () => setFlag(3),
    asleep: () => sleep(survivors),
    settle: () => {
      // A victim that died in its entry: its wake goes to the one that is left, without our help.
      if (diary.balance !== 0 && words.load(FLAG) === 1) return
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
  }

  const SCENARIOS: Scenario[] = [
    { name: 'condition: notify', held: false, early: true },
    { name: 'condition: wait', held: true, early: false, sleeps: sleepsBlocking },
    { name: 'condition: wait async', held: true, early: false, sleeps: sleepsAsync },
    { name: 'condition: abort', held: true, early: false, sleeps: () => false },
  ]
  if (NIGHTLY) {
    SCENARIOS.push(
      { name: 'condition: wait', held: true, early: true, sleeps: sleepsBlocking },
      { name: 'condition: try for a while', held: true, early: false, sleeps: () => false },
    )
  }
  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'after others' : 'before others'
    const promise = 'all the others go on, and are told if it had the lock'
    run(stage, 'turn', scenario, when, promise, times)
  }
})

describe('a process that dies before any operation of a Barrier', () => {
  const PARTIES = 5
  const PASSED = Barrier.words({ parties: PARTIES })
  const times: number[] = []
  let words: Memory
  let barrier: Barrier
  let mine: Promise<unknown> = Promise.resolve()

  beforeAll(() => {
    const memory = SharedMemory.open('barrier', { byteLength: (PASSED + 1) * 4 })
    words = memory.words
    barrier = Barrier.at(memory, 0, { parties: PARTIES })
  })
  afterAll(() => figures('Barrier, death at every step, until all three went on', times))

  const arrive = (): void => {
    mine = barrier.waitAsync().catch(() => {})
  }
  const stage = (): Stage => ({
    ...nobody,
    hold: () => arrive,
    asleep: () => sleep(survivors),
    settle: () => {
      if (diary.held === 0) barrier.abort() // it had no place: without it, they would wait on
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
    { name: 'barrier: wait', held: true, early: false, sleeps: sleepsBlocking },
    { name: 'barrier: abort its call', held: true, early: true, sleeps: () => false },
    { name: 'barrier: abort', held: true, early: true, sleeps: () => false },
    { name: 'barrier: reset', held: true, early: true, sleeps: () => false },
  ]
  if (NIGHTLY) {
    SCENARIOS.push(
      { name: 'barrier: wait async', held: true, early: false, sleeps: sleepsAsync },
      { name: 'barrier: wait', held: true, early: true, sleeps: sleepsBlocking },
      { name: 'barrier: try for a while', held: true, early: true, sleeps: () => false },
    )
  }
  for (const scenario of SCENARIOS) {
    const when = scenario.beforeGo
      ? 'as the last'
      : `in the middle, ${scenario.early ? 'after others' : 'before others'}`
    const own = stage()
    // Whoever wakes up from a broken round goes on, so survivors sleep only if it is not.
    const asleep = (): boolean => own.asleep() || barrier.broken
    run({ ...own, asleep }, 'arrive', scenario, when, 'all the others pass, or none', times)
  }
})
