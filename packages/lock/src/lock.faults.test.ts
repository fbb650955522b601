/**
 * Real deaths: processes that kill themselves before each single operation on shared memory, are
 * killed by others, stopped, terminated. Whoever is left must get the lock, at once.
 */
import { SharedMemory } from '@ipc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Company,
  NIGHTLY,
  WATCHDOG_MS,
  figures,
  median,
  threadsNamed,
  blocksInFutex,
  type Actor,
} from '../../core/src/fixtures/actors.mjs'
import {
  dieAtEveryStep,
  type Scenario,
  type Stage,
} from '../../core/src/fixtures/death-at-every-step.mjs'
import { Diary, DIARY_BYTES } from '../../core/src/fixtures/dying-memory.mjs'
import { Lock } from './lock.ts'

const FIXTURE = new URL('fixtures/faults.mjs', import.meta.url)
const RESERVATION = 1

const sleepsBlocking = (victim: Actor): boolean => victim.asleep
const sleepsAsync = (victim: Actor): boolean =>
  threadsNamed(victim.pid, 'ipc-parker').some((tid) => blocksInFutex(victim.pid, tid))
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
  { name: 'acquire', held: true, early: true, sleeps: sleepsBlocking },
  { name: 'acquire', held: true, early: false, sleeps: sleepsBlocking },
  { name: 'acquire what is reserved for it', held: true, early: true, sleeps: sleepsBlocking },
  { name: 'try once', held: true, early: true, sleeps: () => false },
  { name: 'try for a while', held: true, early: true, sleeps: () => false },
  { name: 'try for a while', held: true, early: false, sleeps: sleepsBlocking },
  { name: 'acquire async', held: true, early: true, sleeps: sleepsAsync },
  { name: 'acquire async', held: true, early: false, sleeps: sleepsAsync },
  { name: 'acquire async what is reserved for it', held: true, early: true, sleeps: sleepsAsync },
  { name: 'try async for a while', held: true, early: true, sleeps: () => false },
  { name: 'abort', held: true, early: true, sleeps: () => false },
]

let reservedFor = 0

describe('a process that dies before any operation of a Lock', () => {
  let company: Company
  let stage: LockStage
  const times: number[] = []

  beforeAll(async () => {
    company = new Company(FIXTURE, { ahead: 4 })
    process.env['IPC_DIR'] = company.directory
    const memory = SharedMemory.open('stage', { byteLength: 64 })
    const diary = new Diary(SharedMemory.open('diary', { byteLength: DIARY_BYTES }).buffer)
    const lock = Lock.at(memory, 0)
    const survivors = await company.hireMany(3)
    for (const survivor of survivors) reservedFor = (await survivor.call('enter')) as number
    survivors[2].async = true
    stage = {
      company,
      memory,
      survivors,
      diary,
      hold: () => {
        const guard = lock.acquire()
        return () => guard.release()
      },
      asleep: () => survivors[0].asleep && survivors[1].asleep && sleepsAsync(survivors[2]),
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
    }
  }, WATCHDOG_MS)

  afterAll(async () => {
    await company.end()
    figures('Lock, death at every step, until the last of three had its turn', times)
  })

  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'while others sleep' : 'before others come'
    const more = scenario.beforeGo ? ', reserved for another' : ''
    const title = `${scenario.name}${scenario.held ? ', held' : ''}, ${when}${more}`
    test(`${title}: the others get it, and abandoned is told if it was held`, async () => {
      for (let round = 0; round < (NIGHTLY ? 10 : 1); round++) {
        const result = await dieAtEveryStep(stage, scenario)
        times.push(...result.times)
        process.stdout.write(
          `  ${title}: ${result.steps} steps, ${result.times.map((ms) => ms.toFixed(1)).join(' ')} ms\n`,
        )
        expect(median(result.times)).toBeLessThan(100)
      }
    }, 120_000)
  }
})
