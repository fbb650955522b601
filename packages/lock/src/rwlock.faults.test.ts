/**
 * Readers and writers that kill themselves before each single operation on shared memory: the others
 * get their turn, shares of the dead count for nothing, and a writer that died inside is told once.
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
import { RWLock } from './rwlock.ts'

const FIXTURE = new URL('fixtures/rwlock-faults.mjs', import.meta.url)

const sleepsBlocking = (victim: Actor): boolean => victim.asleep
const sleepsAsync = (actor: Actor): boolean =>
  threadsNamed(actor.pid, 'ipc-parker').some((tid) => blocksInFutex(actor.pid, tid))

const SCENARIOS: Scenario[] = [
  { name: 'writer: acquire', held: false, early: false },
  { name: 'writer: release', held: false, early: true },
  { name: 'writer: acquire', held: true, early: true, sleeps: sleepsBlocking },
  { name: 'writer: acquire', held: true, early: false, sleeps: sleepsBlocking },
  { name: 'writer: try for a while', held: true, early: true, sleeps: () => false },
  { name: 'writer: acquire async', held: true, early: true, sleeps: sleepsAsync },
  { name: 'writer: abort', held: true, early: true, sleeps: () => false },
  { name: 'reader: acquire', held: false, early: false },
  { name: 'reader: release', held: false, early: false },
  { name: 'reader: acquire', held: true, early: true, sleeps: sleepsBlocking },
  { name: 'reader: acquire', held: true, early: false, sleeps: sleepsBlocking },
  { name: 'reader: try for a while', held: true, early: true, sleeps: () => false },
  { name: 'reader: acquire async', held: true, early: true, sleeps: sleepsAsync },
  { name: 'reader: abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of an RWLock', () => {
  let company: Company
  let stage: Stage
  const times: number[] = []

  beforeAll(async () => {
    company = new Company(FIXTURE, { ahead: 4 })
    process.env['IPC_DIR'] = company.directory
    const memory = SharedMemory.open('stage', { byteLength: RWLock.words() * 4 })
    const diary = new Diary(SharedMemory.open('diary', { byteLength: DIARY_BYTES }).buffer)
    const lock = RWLock.at(memory, 0)
    const survivors = await company.hireMany(4)
    for (const i of [2, 3] as const) survivors[i].async = true
    stage = {
      company,
      survivors: survivors.map((survivor, i) =>
        Object.assign(Object.create(survivor) as Actor, {
          call: (name: string, ...args: unknown[]) =>
            survivor.call(name, ...args, i % 2 === 0 ? 'writer' : 'reader'),
        }),
      ),
      diary,
      hold: () => {
        const guard = lock.writer.acquire()
        return () => guard.release()
      },
      asleep: () =>
        survivors.slice(0, 2).every(sleepsBlocking) && survivors.slice(2, 4).every(sleepsAsync),
      finish: () => {
        const guard = lock.writer.tryAcquire({ timeoutMs: WATCHDOG_MS })
        if (guard === null) throw new Error('the writer lock cannot be had any more')
        guard.release()
        return guard.abandoned ? 1 : 0
      },
      expected: ({ held }) => held,
      idle: () => null,
    }
  }, WATCHDOG_MS)

  afterAll(async () => {
    await company.end()
    figures('RWLock, death at every step, until the last of four had its turn', times)
  })

  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'while others sleep' : 'before others come'
    const title = `${scenario.name}${scenario.held ? ', a writer is inside' : ''}, ${when}`
    test(`${title}: the others have their turn, and abandoned is told if it was inside`, async () => {
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
