/**
 * Processes that kill themselves before each single operation on shared memory: who waits gets a
 * permit, and no permit is ever lost or doubled. With `undo` that includes those of the dead.
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
  type Actor,
} from '../../core/src/fixtures/actors.mjs'
import {
  dieAtEveryStep,
  type Scenario,
  type Stage,
} from '../../core/src/fixtures/death-at-every-step.mjs'
import { Diary, DIARY_BYTES } from '../../core/src/fixtures/dying-memory.mjs'
import { BoundedSemaphore } from './bounded-semaphore.ts'
import { Semaphore } from './semaphore.ts'

const FIXTURE = new URL('fixtures/faults.mjs', import.meta.url)

const sleepsBlocking = (victim: Actor): boolean => victim.asleep
const sleepsAsync = (actor: Actor): boolean =>
  threadsNamed(actor.pid, 'ipc-parker').some((tid) => blocksInFutex(actor.pid, tid))

const SCENARIOS: Scenario[] = [
  { name: 'acquire', held: false, early: false },
  { name: 'release', held: false, early: true },
  { name: 'release two', held: false, early: true },
  { name: 'release to its own call', held: false, early: true },
  { name: 'acquire', held: true, early: true, sleeps: sleepsBlocking },
  { name: 'acquire', held: true, early: false, sleeps: sleepsBlocking },
  { name: 'try for a while', held: true, early: true, sleeps: () => false },
  { name: 'acquire async', held: true, early: true, sleeps: sleepsAsync },
  { name: 'try async for a while', held: true, early: true, sleeps: () => false },
  { name: 'abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of a semaphore', () => {
  let company: Company
  let survivors: Awaited<ReturnType<Company['hireMany']>>
  let diary: Diary
  let memory: SharedMemory
  const times: number[] = []

  beforeAll(async () => {
    company = new Company(FIXTURE, { ahead: 4 })
    process.env['IPC_DIR'] = company.directory
    memory = SharedMemory.open('stage', { byteLength: 64 })
    diary = new Diary(SharedMemory.open('diary', { byteLength: DIARY_BYTES }).buffer)
    survivors = await company.hireMany(4)
    survivors[3].async = true
  }, WATCHDOG_MS)

  afterAll(async () => {
    await company.end()
    figures('semaphores, death at every step, until the last of four had its turn', times)
  })

  function stageOf(kind: string, semaphore: Semaphore): Stage {
    return {
      company,
      // They must know which semaphore is meant.
      survivors: survivors.map((survivor) =>
        Object.assign(Object.create(survivor) as Actor, {
          call: (name: string, ...args: unknown[]) => survivor.call(name, ...args, kind),
        }),
      ),
      diary,
      hold: () => {
        const guards = [semaphore.acquire(), semaphore.acquire()]
        return () => guards.forEach((guard) => guard.release())
      },
      asleep: () => survivors.slice(0, 3).every((s) => s.asleep) && sleepsAsync(survivors[3]),
      // What a dead process took is gone, if permits are only a number.
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
  }

  const kinds: [string, () => Semaphore][] = [
    ['counted', () => Semaphore.at(memory, 0, { value: 2 })],
    ['undo', () => Semaphore.at(memory, 4, { value: 2, undo: true })],
    ['bounded', () => BoundedSemaphore.at(memory, 8, { value: 2 })],
  ]
  for (const [kind, open] of kinds) {
    // A bounded one has the permits of one with undo: a few scenarios will do.
    const scenarios = kind === 'bounded' && !NIGHTLY ? SCENARIOS.slice(0, 3) : SCENARIOS
    for (const scenario of scenarios) {
      const title = `${kind}: ${scenario.name}${scenario.held ? ', none left' : ''}, ${scenario.early ? 'while others sleep' : 'before others come'}`
      test(`${title}: the others get theirs, and the number is exact`, async () => {
        const stage = stageOf(kind, open())
        for (let round = 0; round < (NIGHTLY ? 10 : 1); round++) {
          const name = `${kind}: ${scenario.name}`
          const result = await dieAtEveryStep(stage, { ...scenario, name })
          times.push(...result.times)
          process.stdout.write(
            `  ${title}: ${result.steps} steps, ${result.times.map((ms) => ms.toFixed(1)).join(' ')} ms\n`,
          )
          expect(median(result.times)).toBeLessThan(100)
        }
      }, 120_000)
    }
  }
})
