/** Explorers of this kind get these things wrong: each has been seen to go wrong once. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Agent } from './code/agent.ts'
import { inMacrotask, requireMacrotask } from './code/event-loop.ts'
import { Machine } from './machine/machine.ts'
import { NO_FAULTS, type Model, type Monitor } from './model.ts'
import { bounded, complete } from './search/bounded.ts'
import type { Budget, Finding } from './search/strategy.ts'

const BUDGET: Budget = { over: () => false, maxStates: 100_000, maxSteps: 500 }
const NOTHING: Monitor = { words: 0 }

type Code = (agent: Agent) => void

function explore(codes: readonly Code[], more: Partial<Model> = {}): Finding | null {
  const agents = codes.map((code, i) => [{ name: `code${i}`, code }])
  const model = { name: 'toy', words: 2, agents, faults: NO_FAULTS, monitor: NOTHING, ...more }
  return complete.search(new Machine(model), BUDGET).finding
}

test('what stands in `finally` has no effect while an execution is stopped', () => {
  const careful: Code = ({ memory }) => {
    try {
      memory.load(0)
      memory.load(0)
    } finally {
      memory.add(1, 1)
    }
  }
  const atRest: Monitor['atRest'] = ({ shared }) =>
    shared.load(1) === 2 ? undefined : `it was added ${shared.load(1)} times`
  expect(explore([careful, careful], { monitor: { words: 0, atRest } })).toBeNull()
})

test('code that catches everything and tries again ends the process, and is told why', () => {
  const program = `
    import { check } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)}
    const tireless = (memory) => { for (;;) try { memory.load(0) } catch {} }
    check({ words: 1, threads: [tireless] })`
  const args = ['--input-type=module', '--eval', program]
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(stderr).toMatch(/^the code of an agent catches the exception that stops it/)
  expect(status).toBe(1)
})

test('a call begins with its first operation, and not before', () => {
  const BEGINS = 1
  const late: Code = (agent) => {
    agent.begins(BEGINS)
    agent.memory.load(0)
  }
  const early: Code = ({ memory }) => memory.store(0, 1)
  const tell: Monitor['tell'] = ({ shared }) =>
    shared.load(0) === 1 ? 'the other was there before' : undefined
  expect(explore([late, early], { monitor: { words: 0, tell } })).not.toBeNull()
})

test('agents that go on for ever may stop anywhere: what comes later must not repair what was lost', () => {
  const forgetful: Code = ({ memory }) => {
    if (memory.exchange(0, 1) === 1) memory.park(0, 1, Infinity, memory.arm())
    memory.store(0, 0) // and wakes nobody, but comes again
    memory.unpark(0, memory.load(1))
    memory.store(1, 1)
  }
  const model = { endless: true }
  expect(explore([forgetful, forgetful], model)?.verdict).toMatch(/nobody will wake it/)
})

test('microtasks cannot be run inside a microtask: that is refused, and not passed over', async () => {
  await Promise.resolve()
  expect(() => requireMacrotask()).toThrow(/outside microtasks only/)
  await expect(inMacrotask(() => requireMacrotask())).resolves.toBeUndefined()
})

test('a wake may go to any of the sleepers, and a sleep may end for no reason', () => {
  const sleep: Code = ({ memory }) => {
    memory.park(0, 0, Infinity, memory.arm())
    memory.store(1, 1)
  }
  const wake: Code = ({ memory }) => void memory.unpark(0, 1)
  const monitor = (
    wrong: string,
    when: (finished: boolean[], woken: number) => boolean,
  ): Monitor => ({
    words: 0,
    maySleep: () => true,
    atRest: (view) => {
      const finished = [0, 1].map((agent) => view.isFinished(agent))
      return when(finished, view.shared.load(1)) ? wrong : undefined
    },
  })
  const agents = [sleep, sleep, wake]
  for (const who of [0, 1]) {
    const only = monitor(`T${who} only`, (finished) => finished[who]! && !finished[1 - who]!)
    expect(explore(agents, { monitor: only })?.verdict).toBe(`T${who} only`)
  }
  const both = monitor('both', (finished) => finished[0]! && finished[1]!)
  expect(explore(agents, { monitor: both })).toBeNull()
  const faults = { crashes: 0, spurious: 1 }
  expect(explore(agents, { monitor: both, faults })?.verdict).toBe('both')
})

test('a livelock is a violation', () => {
  const spin: Code = ({ memory }) => {
    while (memory.load(0) === 0) memory.add(1, 1)
  }
  const agents = [[{ name: 'spin', code: spin }]]
  const model = { name: 'toy', words: 2, agents, faults: NO_FAULTS, monitor: NOTHING }
  const { finding } = bounded(0).search(new Machine(model), BUDGET)
  expect(finding?.verdict).toBe('no end after 500 steps')
})
