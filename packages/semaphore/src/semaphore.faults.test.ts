/**
 * Processes that kill themselves before each single operation on shared memory: a waiter gets a
 * permit, and no permit is ever lost or doubled. With `undo` that includes those of the dead.
 */
import { SharedMemory } from '@ipc/core'
import { beforeAll, describe } from 'vitest'
import { NIGHTLY, WATCHDOG_MS } from '../../core/src/fixtures/actors.mjs'
import { asking, blocks, castOf, deathsOf, parks } from '../../core/src/fixtures/death-tests.mjs'
import type { Scenario } from '../../core/src/fixtures/death-at-every-step.mjs'
import { BoundedSemaphore } from './bounded-semaphore.ts'
import { Semaphore } from './semaphore.ts'

const FIXTURE = new URL('fixtures/faults.mjs', import.meta.url)

const SCENARIOS: Scenario[] = [
  { name: 'acquire', held: false, early: false },
  { name: 'release', held: false, early: true },
  { name: 'release two', held: false, early: true },
  { name: 'release to its own call', held: false, early: true },
  { name: 'acquire', held: true, early: true, sleeps: blocks },
  { name: 'acquire', held: true, early: false, sleeps: blocks },
  { name: 'try for a while', held: true, early: true, sleeps: () => false },
  { name: 'acquire async', held: true, early: true, sleeps: parks },
  { name: 'try async for a while', held: true, early: true, sleeps: () => false },
  { name: 'abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of a semaphore', () => {
  const cast = castOf(FIXTURE, ['block', 'block', 'block', 'async'])
  const testDeaths = deathsOf('semaphores', cast)
  let memory: SharedMemory

  beforeAll(() => {
    memory = SharedMemory.open('stage', { byteLength: 64 })
  })

  const kinds: [string, () => Semaphore][] = [
    ['counted', () => Semaphore.at(memory, 0, { value: 2 })],
    ['undo', () => Semaphore.at(memory, 4, { value: 2, undo: true })],
    ['bounded', () => BoundedSemaphore.at(memory, 8, { value: 2 })],
  ]
  for (const [kind, open] of kinds) {
    // A bounded one has the permits of one with undo: a few scenarios will do.
    const scenarios = kind === 'bounded' && !NIGHTLY ? SCENARIOS.slice(0, 3) : SCENARIOS
    for (const scenario of scenarios) {
      const name = `${kind}: ${scenario.name}`
      const when = scenario.early ? 'while others sleep' : 'before others come'
      const title = `${name}${scenario.held ? ', none left' : ''}, ${when}`
      testDeaths(
        `${title}: the others get theirs, and the number is exact`,
        { ...scenario, name },
        () => {
          const semaphore = open()
          return {
            // They must know which semaphore is meant.
            survivors: asking(cast.survivors, (turn, args) => [turn, ...args, kind]),
            hold: () => {
              const guards = [semaphore.acquire(), semaphore.acquire()]
              return () => guards.forEach((guard) => guard.release())
            },
            // A permit that a dead process took is gone, if permits are only a number.
            settle: ({ balance }) => {
              if (kind === 'counted' && balance < 0) semaphore.release(-balance)
            },
            finish: () => {
              const guards = [1, 2].map(() => semaphore.tryAcquire({ timeoutMs: WATCHDOG_MS })!)
              const abandoned = guards.filter((guard) => guard.abandoned).length
              for (const guard of guards) guard.release()
              return abandoned
            },
            expected: ({ held }) => (kind === 'counted' ? 0 : held),
            idle: () => (semaphore.value === 2 ? null : `${semaphore.value} permits instead of 2`),
          }
        },
      )
    }
  }
})
