/**
 * Processes that kill themselves before each single operation on shared memory: whoever waited when
 * the event was set is released, and nobody blocks in `set`, `clear` or `isSet`.
 */
import { SharedMemory } from '@ipc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Company,
  NIGHTLY,
  WATCHDOG_MS,
  blocksInFutex,
  figures,
  median,
  threadsNamed,
  until,
  within,
  type Actor,
} from '../../core/src/fixtures/actors.mjs'
import {
  dieAtEveryStep,
  type Scenario,
  type Stage,
} from '../../core/src/fixtures/death-at-every-step.mjs'
import { Diary, DIARY_BYTES } from '../../core/src/fixtures/dying-memory.mjs'
import { Event } from './event.ts'

const FIXTURE = new URL('fixtures/faults.mjs', import.meta.url)
const TIMES = 0x3fffffff

const sleepsBlocking = (victim: Actor): boolean => victim.asleep
const sleepsAsync = (actor: Actor): boolean =>
  threadsNamed(actor.pid, 'ipc-parker').some((tid) => blocksInFutex(actor.pid, tid))

const SCENARIOS: Scenario[] = [
  { name: 'set', held: false, early: true },
  { name: 'set and clear', held: false, early: true },
  { name: 'clear', held: false, early: false },
  { name: 'wait', held: true, early: true, sleeps: sleepsBlocking },
  { name: 'wait', held: true, early: false, sleeps: sleepsBlocking },
  { name: 'try for a while', held: true, early: true, sleeps: () => false },
  { name: 'wait async', held: true, early: true, sleeps: sleepsAsync },
  { name: 'abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of an Event', () => {
  let company: Company
  let stage: Stage
  let beforeGo: () => void
  const times: number[] = []

  beforeAll(async () => {
    company = new Company(FIXTURE, { ahead: 4 })
    process.env['IPC_DIR'] = company.directory
    const memory = SharedMemory.open('stage', { byteLength: 64 })
    const diary = new Diary(SharedMemory.open('diary', { byteLength: DIARY_BYTES }).buffer)
    const event = Event.at(memory, 0)
    const survivors = await company.hireMany(3)
    survivors[2].async = true
    let before = 0
    beforeGo = () => void (before = timesSet())
    const timesSet = (): number => memory.words.load(0) & TIMES
    stage = {
      company,
      survivors,
      diary,
      hold: () => () => event.set(),
      asleep: () => survivors[0].asleep && survivors[1].asleep && sleepsAsync(survivors[2]),
      // A set that happened must have released everybody, so it is not repeated.
      settle: () => {
        if (timesSet() === before) event.set()
      },
      finish: () => {
        event.clear()
        return 0
      },
      expected: () => 0,
      idle: () => (event.isSet ? 'it is still set' : null),
    }
  }, WATCHDOG_MS)

  afterAll(async () => {
    await company.end()
    figures('Event, death at every step, until the last of three was released', times)
  })

  for (const scenario of SCENARIOS) {
    const title = `${scenario.name}, ${scenario.early ? 'while others sleep' : 'before others come'}`
    test(`${title}: everybody is released`, async () => {
      for (let round = 0; round < (NIGHTLY ? 10 : 1); round++) {
        const result = await dieAtEveryStep(stage, { ...scenario, beforeGo })
        times.push(...result.times)
        process.stdout.write(
          `  ${title}: ${result.steps} steps, ${result.times.map((ms) => ms.toFixed(1)).join(' ')} ms\n`,
        )
        expect(median(result.times)).toBeLessThan(100)
      }
    }, 120_000)
  }
})

test('Event.set(); clear() releases all five processes that wait, 1,000 times in a row', async () => {
  const company = new Company(FIXTURE)
  process.env['IPC_DIR'] = company.directory
  const pulses = 1000
  try {
    const event = Event.open('pulse')
    const answers = SharedMemory.open('answers', { byteLength: 64 })
    const waiting = await company.hireMany(5)
    await Promise.all(waiting.map((actor) => actor.call('openEvent', 'pulse')))
    const done = waiting.map((actor, place) => actor.call('answerPulses', pulses, place))
    for (let pulse = 1; pulse <= pulses; pulse++) {
      // It is asleep once it said that it is about to wait, and its thread blocks.
      for (const [place, actor] of waiting.entries()) {
        await until(`waiter ${place} sleeps, pulse ${pulse}`, () => {
          return answers.words.load(8 + place) === pulse && actor.asleep
        })
      }
      event.set()
      event.clear()
      const slow = Date.now() + WATCHDOG_MS
      for (const place of waiting.keys()) {
        while (answers.words.load(place) < pulse && Date.now() < slow);
        expect(answers.words.load(place), `waiter ${place} at pulse ${pulse}`).toBe(pulse)
      }
      answers.words.store(15, pulse)
    }
    await within('all five', Promise.all(done))
    event.close()
  } finally {
    await company.end()
  }
}, 120_000)
