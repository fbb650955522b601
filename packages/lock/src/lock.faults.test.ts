/**
 * Real deaths: processes that kill themselves before each single operation on shared memory, are
 * killed by others, stopped, terminated. Those that are left must get the lock, at once.
 */
import { SharedMemory } from '@ipc/core'
import { beforeAll, describe } from 'vitest'
import { WATCHDOG_MS } from '../../core/src/fixtures/actors.mjs'
import { blocks, castOf, deathsOf, parks } from '../../core/src/fixtures/death-tests.mjs'
import type { Scenario, Stage } from '../../core/src/fixtures/death-at-every-step.mjs'
import { Lock } from './lock.ts'

const FIXTURE = new URL('fixtures/faults.mjs', import.meta.url)
const RESERVATION = 1

let reservedFor = 0
const reserveForASurvivor = ({ memory }: LockStage): void =>
  memory.words.store(RESERVATION, reservedFor)

interface LockStage extends Stage {
  readonly memory: SharedMemory
}

const SCENARIOS: Scenario<LockStage>[] = [
  { name: 'acquire', held: false, early: false },
  { name: 'release', held: false, early: false },
  { name: 'release', held: false, early: true },
  { name: 'release', held: false, early: true, beforeGo: reserveForASurvivor },
  { name: 'release async', held: false, early: true },
  { name: 'release to its own call', held: false, early: true },
  { name: 'release past its own calls', held: false, early: true },
  { name: 'acquire', held: true, early: true, sleeps: blocks },
  { name: 'acquire', held: true, early: false, sleeps: blocks },
  { name: 'acquire what is reserved for it', held: true, early: true, sleeps: blocks },
  { name: 'try once', held: true, early: true, sleeps: () => false },
  { name: 'try for a while', held: true, early: true, sleeps: () => false },
  { name: 'try for a while', held: true, early: false, sleeps: blocks },
  { name: 'acquire async', held: true, early: true, sleeps: parks },
  { name: 'acquire async', held: true, early: false, sleeps: parks },
  { name: 'acquire async what is reserved for it', held: true, early: true, sleeps: parks },
  { name: 'try async for a while', held: true, early: true, sleeps: () => false },
  { name: 'abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of a Lock', () => {
  const cast = castOf(FIXTURE, ['block', 'block', 'async'])
  const testDeaths = deathsOf('Lock', cast)
  let memory: SharedMemory
  let lock: Lock

  beforeAll(async () => {
    memory = SharedMemory.open('stage', { byteLength: 64 })
    lock = Lock.at(memory, 0)
    for (const survivor of cast.survivors) reservedFor = (await survivor.call('enter')) as number
  })

  const stage = (): Omit<LockStage, keyof typeof cast | 'asleep'> => ({
    memory,
    hold: () => {
      const guard = lock.acquire()
      return () => guard.release()
    },
    finish: () => {
      const guard = lock.tryAcquire({ timeoutMs: WATCHDOG_MS })
      guard!.release()
      return guard!.abandoned ? 1 : 0
    },
    expected: ({ held }) => held,
    idle: () => {
      memory.words.store(RESERVATION, 0)
      return lock.locked ? 'the lock is not free' : null
    },
  })

  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'while others sleep' : 'before others come'
    const more = scenario.beforeGo ? ', reserved for another' : ''
    const title = `${scenario.name}${scenario.held ? ', held' : ''}, ${when}${more}`
    testDeaths(`${title}: the others get it, and abandoned is told if it was held`, scenario, stage)
  }
})
