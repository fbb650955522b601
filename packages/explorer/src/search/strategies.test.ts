import { expect, test } from 'vitest'
import { ALL } from '../code/operation.ts'
import type { Memory } from '../memory.ts'
import { Machine } from '../machine/machine.ts'
import { NO_FAULTS, type Faults, type Model, type Monitor } from '../model.ts'
import type { Agent } from '../code/agent.ts'
import { bounded, complete } from './bounded.ts'
import { random } from './random-walk.ts'
import { pct } from './pct.ts'
import { pos } from './pos.ts'
import type { Budget, Strategy } from './strategy.ts'
import { drawTimeline } from '../story/draw.ts'
import { follow } from '../story/timeline.ts'

const BUDGET: Budget = { over: () => false, maxStates: 1_000_000, maxSteps: 500 }

const ENTERED = 1
const LEAVES = 2

/** One at a time. */
const exclusion: Monitor = {
  words: 1,
  tell(view, agent, code) {
    if (code === LEAVES) view.set(0, 0)
    else if (view.get(0) !== 0) return `T${agent} is inside with T${view.get(0) - 1}`
    else view.set(0, agent + 1)
    return undefined
  },
}

interface ToyLock {
  acquire(memory: Memory): void
  release(memory: Memory): void
}

function model(toy: ToyLock, agents: number, faults: Faults = NO_FAULTS, times = 1): Model {
  const code = (agent: Agent): void => {
    toy.acquire(agent.memory)
    agent.did(ENTERED)
    agent.begins(LEAVES)
    toy.release(agent.memory)
  }
  const segments = Array.from({ length: times }, () => ({ name: 'hold', code }))
  const all = Array.from({ length: agents }, () => segments)
  return { name: 'toy', words: 1, agents: all, faults, monitor: exclusion }
}

const FREE = 0
const HELD = 1
const CONTENDED = 2

/** Drepper's third mutex. */
const sound: ToyLock = {
  acquire(memory) {
    if (memory.compareExchange(0, FREE, HELD) === FREE) return
    while (memory.exchange(0, CONTENDED) !== FREE) sleep(memory, CONTENDED)
  },
  release(memory) {
    if (memory.exchange(0, FREE) === CONTENDED) memory.unpark(0, 1)
  },
}

function sleep(memory: Memory, expected: number): void {
  memory.park(0, expected, Infinity, memory.arm())
}

/** Each has one bug. */
const PLANTED: Record<string, ToyLock> = {
  'test, then set': {
    ...sound,
    acquire(memory) {
      while (memory.load(0) !== FREE) sleep(memory, HELD)
      memory.store(0, HELD)
    },
    release(memory) {
      memory.store(0, FREE)
      memory.unpark(0, ALL)
    },
  },
  'sleeps on whatever the word is': {
    ...sound,
    acquire(memory) {
      if (memory.compareExchange(0, FREE, HELD) === FREE) return
      while (memory.exchange(0, CONTENDED) !== FREE) {
        memory.load(0)
        sleep(memory, memory.load(0))
      }
    },
  },
  'a release that wakes nobody': {
    ...sound,
    release(memory) {
      memory.exchange(0, FREE)
    },
  },
  'who was woken forgets the others': {
    ...sound,
    acquire(memory) {
      for (let seen = memory.compareExchange(0, FREE, HELD); seen !== FREE;) {
        if (seen === CONTENDED || memory.compareExchange(0, HELD, CONTENDED) !== FREE) {
          sleep(memory, CONTENDED)
        }
        seen = memory.compareExchange(0, FREE, HELD)
      }
    },
  },
  'wakes before it releases': {
    ...sound,
    release(memory) {
      if (memory.load(0) === CONTENDED) memory.unpark(0, 1)
      memory.exchange(0, FREE)
    },
  },
}

const STRATEGIES: readonly Strategy[] = [
  bounded(2),
  complete,
  random(1, 20_000),
  pct(3, 1, 20_000),
  pos(1, 20_000),
]

for (const strategy of STRATEGIES) {
  test(`${strategy.name}: finds nothing in a sound lock`, () => {
    const outcome = strategy.search(new Machine(model(sound, 3)), BUDGET)
    expect(outcome.finding).toBeNull()
    expect(outcome.complete).toBe(true)
  })

  for (const [name, toy] of Object.entries(PLANTED)) {
    test(`${strategy.name}: finds ${name}`, () => {
      const { finding } = strategy.search(new Machine(model(toy, 3)), BUDGET)
      expect(finding).not.toBeNull()
      expect(follow(model(toy, 3), finding!.schedule).verdict).toContain(finding!.verdict)
    })
  }
}

test('a bug is shown with the fewest preemptions that it needs', () => {
  const broken = model(PLANTED['sleeps on whatever the word is']!, 2)
  const machine = new Machine(broken)
  expect(bounded(1).search(machine, BUDGET).finding).toBeNull()
  const { finding } = bounded(2).search(machine, BUDGET)
  expect(drawTimeline(follow(broken, finding!.schedule)).join('\n')).toMatchInlineSnapshot(`
    "| T0                        | T1                            |
    | ------------------------- | ----------------------------- |
    | hold                      |                               |
    |   cas [0]: 0 → 1          |                               |
    |   ── preempted ──         |                               |
    |                           | hold                          |
    |                           |   cas [0]: 0 → 1; no, it is 1 |
    |                           |   exchange [0] ← 2; was 1     |
    |                           |   ── preempted ──             |
    |   exchange [0] ← 0; was 2 |                               |
    |   wake 1 of [0]: 0 woken  |                               |
    |   ends                    |                               |
    |                           |   load [0] → 0                |
    |                           |   load [0] → 0                |
    |                           |   arm                         |
    |                           |   *** sleeps on [0] = 0 ***   |
    T1 sleeps on [0] = 0; the word is still that
    [0] = 0"
  `)
})

test('code that depends on more than its answers is refused', () => {
  let calls = 0
  const odd: ToyLock = { ...sound, acquire: (memory) => void memory.add(0, calls++) }
  const search = (toy: ToyLock) => bounded(1).search(new Machine(model(toy, 2)), BUDGET)
  expect(() => search(sound)).not.toThrow()
  expect(() => search(odd)).toThrow(/depends on more than its answers/)
})

test('asynchronous code is refused', () => {
  const code = (async () => {}) as unknown as (agent: Agent) => void
  const machine = new Machine({ ...model(sound, 1), agents: [[{ name: 'async', code }]] })
  expect(bounded(0).search(machine, BUDGET).finding?.verdict).toContain('asynchronous')
})
