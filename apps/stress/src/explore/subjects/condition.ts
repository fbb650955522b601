import type { Guard, Memory } from '@ipc/core'
import { Lock, RLock } from '@ipc/lock'
import { Condition } from '@ipc/sync'
import type { Agent } from '../agent.ts'
import { ABORTED, eventLoop, type Loop } from '../event-loop.ts'
import type { Monitor, Segment, View } from '../model.ts'
import type { SimulatedMemory } from '../simulated-memory.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const MOST_AGENTS = 4
const LOCK = 0

/** Where things are, and what the lock is. */
interface Layout {
  readonly Kind: typeof Lock | typeof RLock
  /** How often whoever has the lock has it. */
  readonly depth: number
  readonly condition: number
  readonly firstEntry: number
  /** What waiters wait for: how much there is to take. */
  readonly count: number
}

function layoutOf(Kind: typeof Lock | typeof RLock, depth: number): Layout {
  const condition = Kind.words()
  const firstEntry = condition + 2
  return { Kind, depth, condition, firstEntry, count: firstEntry + 2 * MOST_AGENTS }
}

interface Objects extends Layout {
  readonly lock: Lock | RLock
  readonly changed: Condition
}

function open(agent: Agent, layout: Layout): Objects {
  const lock = layout.Kind.at(untimed(agent.memory), LOCK)
  const changed = Condition.at(agent.memory, layout.condition, { lock })
  return { ...layout, lock: agent.named(lock), changed: agent.named(changed) }
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
const WRONG_DEPTH = 5

/** Calls something with the lock, so often as it takes. */
function withLock({ lock, depth }: Objects, body: (guard: Guard) => void): void {
  const guards = Array.from({ length: depth }, () => lock.acquire())
  body(guards[0]!)
  for (const guard of guards) guard.release()
}

/**
 * Waiters wait until COUNT is not 0, and take one; notifiers add as many as they notify. So a wake
 * that is lost is somebody who sleeps while there is something to take. Whoever is told that an owner
 * died does nothing about it: what was given is there, and all others must look, too.
 */
function take(agent: Agent, objects: Objects, isTimed: boolean): void {
  const { count } = objects
  withLock(objects, (guard) => {
    while (agent.memory.load(count) === 0) {
      if (!wait(agent, objects, guard, isTimed)) break
    }
    if (agent.memory.load(count) > 0) agent.memory.sub(count, 1)
  })
}

function wait(
  agent: Agent,
  { changed, lock, depth }: Objects,
  guard: Guard,
  isTimed: boolean,
): boolean {
  agent.begins(WAITS)
  const isWoken = isTimed
    ? agent.timed(() => changed.tryWait(guard, { timeoutMs: 10 }))
    : changed.wait(guard)
  agent.did(isWoken ? WOKEN : TIMED_OUT, Number(guard.abandoned))
  if (lock instanceof RLock && lock.depth !== depth) agent.did(WRONG_DEPTH, lock.depth)
  return isWoken
}

function give(agent: Agent, objects: Objects, many: number): void {
  withLock(objects, () => {
    agent.memory.add(objects.count, many)
    agent.begins(NOTIFIES, many)
    objects.changed.notify(many)
  })
}

type Body = (agent: Agent, objects: Objects) => void

const BODIES: Readonly<Record<string, Body>> = {
  take: (agent, objects) => take(agent, objects, false),
  give: (agent, objects) => give(agent, objects, 1),
  /** Waits once, whatever there is. */
  wait: (agent, objects) => withLock(objects, (guard) => void wait(agent, objects, guard, false)),
  /** Notifies without giving anything: who is woken waits again. */
  notify: (agent, objects) =>
    withLock(objects, () => {
      agent.begins(NOTIFIES, 1)
      objects.changed.notify()
    }),
  takeFor: (agent, objects) => take(agent, objects, true),
  give2: (agent, objects) => give(agent, objects, 2),
}

function segmentsOf(layout: Layout): Segment[] {
  return Object.entries(BODIES).map(([name, body]) => ({
    name,
    code: (agent: Agent) => body(agent, open(agent, layout)),
  }))
}

/* ---- event loops --------------------------------------------------------------------------------- */

const OF_LOCK = layoutOf(Lock, 1)

function loopSegment(
  name: string,
  ...tasks: ((objects: Objects, loop: Loop) => Promise<void>)[]
): Segment {
  const known = new WeakMap<Agent, Objects>()
  const objectsOf = (agent: Agent): Objects => {
    let objects = known.get(agent)
    if (objects === undefined) known.set(agent, (objects = open(agent, OF_LOCK)))
    return objects
  }
  return { name, code: eventLoop(tasks.map((task) => (loop) => task(objectsOf(loop.agent), loop))) }
}

const takeAsync =
  (isAborted: boolean) =>
  async ({ lock, changed, count }: Objects, loop: Loop): Promise<void> => {
    const { agent } = loop
    const guard = await (lock as Lock).acquireAsync()
    let gaveUp = false
    while (agent.memory.load(count) === 0 && !gaveUp) {
      agent.begins(WAITS)
      try {
        await changed.waitAsync(guard, isAborted ? { signal: loop.signal() } : undefined)
        agent.did(WOKEN, Number(guard.abandoned))
      } catch (error) {
        if (error !== ABORTED) throw error
        gaveUp = true
        agent.did(TIMED_OUT)
      }
    }
    if (agent.memory.load(count) > 0) agent.memory.sub(count, 1)
    guard.release()
  }

/* ---- what must hold -------------------------------------------------------------------------------- */

/** Waits that may be woken: one for each notification, more when somebody dies. */
const WAKES = 0
const SLEEPERS = 1

const monitorOf = (layout: Layout): Monitor => ({
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
      case WRONG_DEPTH:
        return `T${agent} had the lock ${layout.depth} times, and has it ${value} times after a wait`
      default:
        view.set(SLEEPERS, view.get(SLEEPERS) - 1)
        return undefined
    }
  },
  /** Nobody sleeps for the lock, and nobody for what is there. */
  maySleep(view, agent) {
    const lock = Lock.at(view.shared, LOCK)
    if (lock.locked || lock.isAbandoned) return false
    if (view.shared.load(layout.count) > 0) return false
    // As it was notified it must go on, whatever there is.
    return !isNotified(view, agent, layout)
  },
  wordNames: [
    'lock',
    'reservation',
    'deaths',
    ...(layout.Kind === RLock ? ['depth'] : []),
    'next',
    'used',
    ...Array.from({ length: MOST_AGENTS }, (_, i) => [`ticket${i}`, `agent${i}`]).flat(),
    'count',
  ],
  show(index, word) {
    const { firstEntry, count } = layout
    const isAgent = index >= firstEntry && index < count && (index - firstEntry) % 2 === 1
    if (index === LOCK || isAgent) return showAgents(word)
    return word < 0 ? `${word & 0x7fffffff}+NOTIFIED` : String(word)
  },
})

function someoneDied(view: View): boolean {
  for (let agent = 0; agent < view.agents; agent++) if (view.isDead(agent)) return true
  return false
}

function isNotified(view: View, agent: number, { firstEntry, count }: Layout): boolean {
  for (let entry = firstEntry; entry < count; entry += 2) {
    const owner = view.shared.load(entry + 1)
    if (owner === 0 || view.shared.describe(owner)?.threadId !== agent) continue
    if (view.shared.load(entry) < 0) return true
  }
  return false
}

function subjectOf(name: string, layout: Layout, loops: readonly Segment[]): Subject {
  return {
    name,
    words: layout.count + 1,
    monitor: monitorOf(layout),
    segments: segmentsOf(layout),
    loops,
  }
}

export const condition: Subject = subjectOf('condition', OF_LOCK, [
  loopSegment('takeAsync', takeAsync(false)),
  loopSegment('takeAbort', takeAsync(true)),
])

/** Over an RLock that whoever has it has three times. */
export const conditionOfRLock: Subject = subjectOf('condition:rlock', layoutOf(RLock, 3), [])
