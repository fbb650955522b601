/**
 * Processes that kill themselves before each single operation on shared memory: every one that waited
 * when the event was set is released, and nobody blocks in `set`, `clear` or `isSet`.
 */
import { SharedMemory } from '@ipc/core'
import { beforeAll, describe, expect, test } from 'vitest'
import { Company, WATCHDOG_MS, until, within } from '../../core/src/fixtures/actors.mjs'
import { blocks, castOf, deathsOf, parks } from '../../core/src/fixtures/death-tests.mjs'
import type { Scenario } from '../../core/src/fixtures/death-at-every-step.mjs'
import { Event } from './event.ts'

const FIXTURE = new URL('fixtures/faults.mjs', import.meta.url)
const TIMES = 0x3fffffff

const SCENARIOS: Scenario[] = [
  { name: 'set', held: false, early: true },
  { name: 'set and clear', held: false, early: true },
  { name: 'clear', held: false, early: false },
  { name: 'wait', held: true, early: true, sleeps: blocks },
  { name: 'wait', held: true, early: false, sleeps: blocks },
  { name: 'try for a while', held: true, early: true, sleeps: () => false },
  { name: 'wait async', held: true, early: true, sleeps: parks },
  { name: 'abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of an Event', () => {
  const cast = castOf(FIXTURE, ['block', 'block', 'async'])
  const testDeaths = deathsOf('Event', cast)
  let memory: SharedMemory
  let event: Event
  let before = 0

  beforeAll(() => {
    memory = SharedMemory.open('stage', { byteLength: 64 })
    event = Event.at(memory, 0)
  })

  const timesSet = (): number => memory.words.load(0) & TIMES

  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'while others sleep' : 'before others come'
    const beforeGo = (): void => void (before = timesSet())
    testDeaths(
      `${scenario.name}, ${when}: everybody is released`,
      { ...scenario, beforeGo },
      () => ({
        hold: () => () => event.set(),
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
      }),
    )
  }
})

test('Event.set(); clear() releases all five processes that wait, 1,000 times in a row', async () => {
  const company = new Company(FIXTURE, { rechecks: false })
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
