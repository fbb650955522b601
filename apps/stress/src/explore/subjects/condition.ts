import type { Guard, Memory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { Condition } from '@ipc/sync'
import type { Agent } from '../agent.ts'
import { ABORTED, eventLoop, type Loop } from '../event-loop.ts'
import type { Monitor, Segment, View } from '../model.ts'
import type { SimulatedMemory } from '../simulated-memory.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const MOST_AGENTS = 4
const LOCK = 0
const CONDITION = Lock.words()
const FIRST_ENTRY = CONDITION + 2
const COUNT = FIRST_ENTRY + 2 * MOST_AGENTS

interface Pair {
  readonly lock: Lock
  readonly condition: Condition
}

function open(agent: Agent): Pair {
  const lock = Lock.at(untimed(agent.memory), LOCK)
  const condition = Condition.at(agent.memory, CONDITION, { lock })
  return { lock: agent.named(lock), condition: agent.named(condition) }
}

/** The same memory for a lock that is waited for without end, also inside a wait with a time-out. */
function untimed(memory: SimulatedMemory): Memory {
  const without =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      const { timed } = memory
      memory.timed = false
      const result = call(...args)
      memory.timed = timed
      return result
    }
  const park = without((...args: Parameters<Memory['park']>) => memory.park(...args))
  const now = without(() => memory.now())
  return new Proxy(memory, {
    get(_, name) {
      if (name === 'park') return park
      if (name === 'now') return now
      const value: unknown = Reflect.get(memory, name, memory)
      return typeof value === 'function' ? value.bind(memory) : value
    },
  })
}

const WAITS = 1
const WOKEN = 2
const TIMED_OUT = 3
const NOTIFIES = 4

/**
 * Waiters wait until COUNT is not 0, and take one; notifiers add as many as they notify. So a wake
 * that is lost is somebody who sleeps while there is something to take.
 */
function take(agent: Agent, { lock, condition }: Pair, isTimed: boolean): void {
  const guard = lock.acquire()
  while (agent.memory.load(COUNT) === 0) {
    if (!wait(agent, condition, guard, isTimed)) break
  }
  if (agent.memory.load(COUNT) > 0) agent.memory.sub(COUNT, 1)
  repair(condition, guard)
  guard.release()
}

function wait(agent: Agent, condition: Condition, guard: Guard, isTimed: boolean): boolean {
  agent.begins(WAITS)
  const isWoken = isTimed
    ? agent.timed(() => condition.tryWait(guard, { timeoutMs: 10 }))
    : condition.wait(guard)
  agent.did(isWoken ? WOKEN : TIMED_OUT, Number(guard.abandoned))
  return isWoken
}

/** What the program of a user does who is told that an owner died. */
function repair(condition: Condition, guard: Guard): void {
  if (guard.abandoned) condition.notifyAll()
}

function give(agent: Agent, { lock, condition }: Pair, count: number): void {
  const guard = lock.acquire()
  agent.memory.add(COUNT, count)
  agent.begins(NOTIFIES, count)
  condition.notify(count)
  repair(condition, guard)
  guard.release()
}

const segment = (name: string, body: (agent: Agent, pair: Pair) => void): Segment => ({
  name,
  code: (agent) => body(agent, open(agent)),
})

/** Notifies without giving anything: who is woken waits again. */
const notify = segment('notify', (agent, { lock, condition }) => {
  const guard = lock.acquire()
  agent.begins(NOTIFIES, 1)
  condition.notify()
  repair(condition, guard)
  guard.release()
})

/** Waits once, whatever there is. */
const waitOnce = segment('wait', (agent, { lock, condition }) => {
  const guard = lock.acquire()
  wait(agent, condition, guard, false)
  repair(condition, guard)
  guard.release()
})

/* ---- event loops --------------------------------------------------------------------------------- */

function loopSegment(
  name: string,
  ...tasks: ((pair: Pair, loop: Loop) => Promise<void>)[]
): Segment {
  const known = new WeakMap<Agent, Pair>()
  const pairOf = (agent: Agent): Pair => {
    let pair = known.get(agent)
    if (pair === undefined) known.set(agent, (pair = open(agent)))
    return pair
  }
  return { name, code: eventLoop(tasks.map((task) => (loop) => task(pairOf(loop.agent), loop))) }
}

const takeAsync =
  (isAborted: boolean) =>
  async ({ lock, condition }: Pair, loop: Loop): Promise<void> => {
    const { agent } = loop
    const guard = await lock.acquireAsync()
    let gaveUp = false
    while (agent.memory.load(COUNT) === 0 && !gaveUp) {
      agent.begins(WAITS)
      try {
        await condition.waitAsync(guard, isAborted ? { signal: loop.signal() } : undefined)
        agent.did(WOKEN, Number(guard.abandoned))
      } catch (error) {
        if (error !== ABORTED) throw error
        gaveUp = true
        agent.did(TIMED_OUT)
      }
    }
    if (agent.memory.load(COUNT) > 0) agent.memory.sub(COUNT, 1)
    repair(condition, guard)
    guard.release()
  }

/* ---- what must hold -------------------------------------------------------------------------------- */

/** Waits that may be woken: one for each notification, more when somebody dies. */
const WAKES = 0
const SLEEPERS = 1

const monitor: Monitor = {
  words: 2,
  tell(view, agent, code, value) {
    const died = someoneDied(view)
    switch (code) {
      case WAITS:
        view.set(SLEEPERS, view.get(SLEEPERS) + 1)
        return undefined
      case NOTIFIES:
        view.set(WAKES, view.get(WAKES) + Math.min(value, view.get(SLEEPERS)))
        return undefined
      case WOKEN:
        view.set(SLEEPERS, view.get(SLEEPERS) - 1)
        if (view.get(WAKES) === 0 && !died) return `T${agent} is woken by nobody`
        if (view.get(WAKES) > 0) view.set(WAKES, view.get(WAKES) - 1)
        return value === 1 && !died ? `T${agent} is told that an owner died; none did` : undefined
      default:
        view.set(SLEEPERS, view.get(SLEEPERS) - 1)
        return undefined
    }
  },
  /** Nobody sleeps for the lock, and nobody for what is there. */
  maySleep(view, agent) {
    const lock = Lock.at(view.shared, LOCK)
    if (lock.locked || lock.isAbandoned) return false
    if (view.shared.load(COUNT) > 0) return false
    // As it was notified it must go on, whatever there is.
    return !isNotified(view, agent)
  },
  wordNames: [
    'lock',
    'reservation',
    'next',
    'used',
    ...Array.from({ length: MOST_AGENTS }, (_, i) => [`ticket${i}`, `agent${i}`]).flat(),
    'count',
  ],
  show(index, word) {
    const isAgent = index >= FIRST_ENTRY && index < COUNT && (index - FIRST_ENTRY) % 2 === 1
    if (index === LOCK || isAgent) return showAgents(word)
    return word < 0 ? `${word & 0x7fffffff}+NOTIFIED` : String(word)
  },
}

function someoneDied(view: View): boolean {
  for (let agent = 0; agent < view.agents; agent++) if (view.isDead(agent)) return true
  return false
}

function isNotified(view: View, agent: number): boolean {
  for (let entry = FIRST_ENTRY; entry < COUNT; entry += 2) {
    const owner = view.shared.load(entry + 1)
    if (owner === 0 || view.shared.describe(owner)?.threadId !== agent) continue
    if (view.shared.load(entry) < 0) return true
  }
  return false
}

export const condition: Subject = {
  name: 'condition',
  words: COUNT + 1,
  monitor,
  segments: [
    segment('take', (agent, pair) => take(agent, pair, false)),
    segment('give', (agent, pair) => give(agent, pair, 1)),
    waitOnce,
    notify,
    segment('takeFor', (agent, pair) => take(agent, pair, true)),
    segment('give2', (agent, pair) => give(agent, pair, 2)),
  ],
  loops: [loopSegment('takeAsync', takeAsync(false)), loopSegment('takeAbort', takeAsync(true))],
}
