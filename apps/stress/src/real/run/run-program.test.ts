import { afterAll, beforeAll, expect, test } from 'vitest'
import { processScope } from '@ipc/core'
import { Arena } from '../history/arena.ts'
import { Pool } from '../pool/pool.ts'
import type { AgentSpec, Form, Operation, Program } from '../program/program.ts'
import { runProgram, type Bench } from './run-program.ts'

let bench: Bench

beforeAll(() => {
  const arena = Arena.create()
  const size = { workers: 2, processes: processScope.supported ? 2 : 0 }
  const pool = new Pool(arena.memory.handle, size, null)
  bench = { arena, pool, planted: undefined }
})

afterAll(async () => {
  await bench.pool.close()
  bench.arena.memory.close()
})

const block: Form = { how: 'block', ms: 0 }
const hold: Operation = { do: 'hold', object: 0, form: block, work: 'nap' }

function agent(runs: AgentSpec['runs'], rounds: number, ...operations: Operation[]): AgentSpec {
  return { runs, rounds, tracks: [operations] }
}

test.each(['worker', 'process'] as const)(
  'a %s that is killed inside a lock is told of, once',
  async (runs) => {
    const program: Program = {
      scope: 'process',
      objects: [{ kind: 'lock', placed: 'own' }],
      agents: [agent(runs, 3, hold), agent('worker', 40, hold)],
      faults: [{ what: 'kill', agent: 0, step: 1, inside: true }],
    }
    const run = await runProgram(bench, program)
    expect(run.violations).toEqual([])
    expect(run.faults.kills + run.faults.terminations).toBe(1)
    const told = run.history.filter(({ result }) => result === 'abandoned')
    // Nobody is told if the other one had finished before.
    expect(told.length).toBeLessThanOrEqual(1)
  },
)

test('a writer that is killed inside is told of; readers that died are not waited for', async () => {
  const write: Operation = { ...hold, do: 'write' } as Operation
  const read: Operation = { ...hold, do: 'read', times: 2 } as Operation
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'rwlock', placed: 'own' }],
    agents: [
      agent('process', 3, write),
      agent('process', 9, read),
      agent('worker', 40, read, write),
      agent('worker', 40, write, read),
    ],
    faults: [
      { what: 'kill', agent: 0, step: 1, inside: true },
      { what: 'kill', agent: 1, step: 4, inside: true },
    ],
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  expect(run.faults.kills).toBe(2)
  const told = run.history.filter(({ result }) => result === 'abandoned')
  expect(told.length).toBeLessThanOrEqual(1)
})

test('an RLock that was had three times by one who died is free, and told of', async () => {
  const nest: Operation = { ...hold, do: 'nest', times: 3 } as Operation
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'rlock', placed: 'named' }],
    agents: [agent('worker', 3, nest), agent('worker', 40, nest), agent('process', 40, nest)],
    faults: [{ what: 'kill', agent: 0, step: 1, inside: true }],
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  expect(run.faults.terminations).toBe(1)
  expect(run.history.findLast(({ what }) => what === 'look')).toMatchObject({ seen: 0 })
})

test('rounds of a barrier pass as a whole; when one has died, the harness lets the others throw', async () => {
  const meet: Operation = { do: 'meet', object: 0, form: block }
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'barrier', placed: 'own', parties: 3 }],
    agents: [agent('process', 9, meet), agent('process', 20, meet), agent('worker', 20, meet)],
    faults: [{ what: 'kill', agent: 0, step: 5, inside: false }],
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  const waits = run.history.filter(({ what }) => what === 'wait')
  expect(waits).toHaveLength(5 + 20 + 20)
  expect(waits.filter(({ result }) => result === 'saw').length % 3).toBe(0)
  expect(waits.filter(({ result }) => result === 'refused').length).toBeGreaterThanOrEqual(2 * 15)
})

test('who waits for a condition takes what a producer left that was killed', async () => {
  const consume: Operation = { ...hold, do: 'consume' } as Operation
  const produce: Operation = { ...hold, do: 'produce', count: 2 } as Operation
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'condition', placed: 'own', over: 'lock' }],
    agents: [
      agent('process', 9, produce),
      agent('process', 20, consume),
      agent('worker', 20, consume),
      agent('worker', 9, produce),
    ],
    faults: [{ what: 'kill', agent: 0, step: 3, inside: true }], // before it notifies
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  const count = (wanted: string): number => run.history.filter(({ what }) => what === wanted).length
  expect(count('release')).toBeGreaterThanOrEqual(20 + 20 + 9 + 3)
  expect(run.history.findLast(({ what }) => what === 'look')).toMatchObject({ seen: 0 })
})

test('permits with undo come back from one who leaves with them', async () => {
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'semaphore', placed: 'inside', value: 2, bounded: true, undo: true }],
    agents: [agent('process', 5, hold), agent('process', 20, hold), agent('worker', 20, hold)],
    faults: [{ what: 'exit', agent: 0, step: 2, inside: true }],
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  expect(run.faults.exits).toBe(1)
  expect(run.history.filter(({ what }) => what === 'look')).toMatchObject([{ seen: 2 }])
})

test('waits that nobody would end are ended by pulses of the harness', async () => {
  const wait: Operation = { do: 'wait', object: 0, form: block }
  const program: Program = {
    scope: 'thread',
    objects: [{ kind: 'event', placed: 'own' }],
    agents: [agent('worker', 3, wait), agent('worker', 2, wait)],
    faults: [],
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  const count = (wanted: string): number => run.history.filter(({ what }) => what === wanted).length
  expect(run.history.filter(({ result }) => result !== 'done' && result !== 'saw')).toEqual([])
  expect(count('wait')).toBe(3 + 2)
  // One pulse may do for all: an agent that wakes between set() and clear() goes on through the waits that it
  // has left.
  expect(count('set')).toBeGreaterThan(0)
  expect(run.rescues).toBe(count('set') + count('clear'))
})

test('a storm of signals disturbs nobody who waits', async () => {
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'lock', placed: 'own' }],
    agents: [agent('process', 120, hold), agent('process', 120, hold)],
    faults: [0, 1].map((whom) => ({ what: 'storm', agent: whom, afterMs: 0, forMs: 500 })),
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toEqual([])
  expect(run.faults.signals).toBeGreaterThan(0)
})

test('an agent that ends unasked is a violation', async () => {
  const program: Program = {
    scope: 'thread',
    objects: [{ kind: 'lock', placed: 'own' }],
    agents: [agent('worker', 1, { do: 'set', object: 0 })], // a lock has no set()
    faults: [],
  }
  const run = await runProgram(bench, program)
  expect(run.violations).toMatchObject([{ law: 'nothing throws' }])
  expect(run.violations[0]?.text).toContain('set is not a function')
})
