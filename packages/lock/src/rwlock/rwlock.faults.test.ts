/**
 * Readers and writers that kill themselves before each single operation on shared memory: the others
 * get their turn, shares of the dead count for nothing, and a writer that died inside is told once.
 */
import { SharedMemory } from '@ipc/core'
import { beforeAll, describe } from 'vitest'
import { WATCHDOG_MS } from '../../../core/src/fixtures/actors.mjs'
import { asking, blocks, castOf, deathsOf, parks } from '../../../core/src/fixtures/death-tests.mjs'
import type { Scenario } from '../../../core/src/fixtures/death-at-every-step.mjs'
import { RWLock } from './rwlock.ts'

const FIXTURE = new URL('../fixtures/rwlock-faults.mjs', import.meta.url)

const SCENARIOS: Scenario[] = [
  { name: 'writer: acquire', held: false, early: false },
  { name: 'writer: release', held: false, early: true },
  { name: 'writer: acquire', held: true, early: true, sleeps: blocks },
  { name: 'writer: acquire', held: true, early: false, sleeps: blocks },
  { name: 'writer: try for a while', held: true, early: true, sleeps: () => false },
  { name: 'writer: acquire async', held: true, early: true, sleeps: parks },
  { name: 'writer: abort', held: true, early: true, sleeps: () => false },
  { name: 'reader: acquire', held: false, early: false },
  { name: 'reader: release', held: false, early: false },
  { name: 'reader: acquire', held: true, early: true, sleeps: blocks },
  { name: 'reader: acquire', held: true, early: false, sleeps: blocks },
  { name: 'reader: try for a while', held: true, early: true, sleeps: () => false },
  { name: 'reader: acquire async', held: true, early: true, sleeps: parks },
  { name: 'reader: abort', held: true, early: true, sleeps: () => false },
]

describe('a process that dies before any operation of an RWLock', () => {
  const cast = castOf(FIXTURE, ['block', 'block', 'async', 'async'])
  const testDeaths = deathsOf('RWLock', cast)
  let lock: RWLock

  beforeAll(() => {
    lock = RWLock.at(SharedMemory.open('stage', { byteLength: RWLock.words() * 4 }), 0)
  })

  for (const scenario of SCENARIOS) {
    const when = scenario.early ? 'while others sleep' : 'before others come'
    const title = `${scenario.name}${scenario.held ? ', a writer is inside' : ''}, ${when}`
    const promise = 'the others have their turn, and abandoned is told if it was inside'
    testDeaths(`${title}: ${promise}`, scenario, () => ({
      survivors: asking(cast.survivors, (name, args, i) => {
        return [name, ...args, i % 2 === 0 ? 'writer' : 'reader']
      }),
      hold: () => {
        const guard = lock.writer.acquire()
        return () => guard.release()
      },
      finish: () => {
        const guard = lock.writer.tryAcquire({ timeoutMs: WATCHDOG_MS })
        if (guard === null) throw new Error('the writer lock cannot be had any more')
        guard.release()
        return guard.abandoned ? 1 : 0
      },
      expected: ({ held }) => held,
      idle: () => null,
    }))
  }
})
