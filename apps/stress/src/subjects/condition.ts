import type { Guard } from '@ipc/core'
import { Lock, RLock } from '@ipc/lock'
import { Condition } from '@ipc/sync'
import {
  ABORTED,
  type Agent,
  type Loop,
  type Monitor,
  type Segment,
  UntimedMemory,
  type View,
} from '@ipc/explorer/engine'
import { loopsOver, threadsOver } from './parts.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const MOST_AGENTS = 4
const LOCK = 0

/** The layout says where the words are, and of which kind the lock is. */
interface Layout {
  readonly Kind: typeof Lock | typeof RLock
  /** How many times the owner of the lock has acquired it. */
  readonly depth: number
  readonly condition: number
  readonly firstEntry: number
  /** The word that waiters wait for: how much there is to take. */
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
  const lock = layout.Kind.at(new UntimedMemory(agent.memory), LOCK)
  const changed = Condition.at(agent.memory, layout.condition, { lock })
  return { ...layout, lock: agent.named(lock), changed: agent.named(changed) }
}

export const WAITS = 1
export const WOKEN = 2
export const TIMED_OUT = 3
export const NOTIFIES = 4
export const WRONG_DEPTH = 5
const CLOSES = 6

/** Calls a function with the lock held as many times as the layout says. */
function withLock(agent: Agent, objects: Objects, body: (guard: Guard) => void): void {
  const { lock, depth } = objects
  const guards = Array.from({ length: depth }, () => lock.acquire())
  body(guards[0]!)
  lookAtDepth(agent, objects)
  for (const guard of guards) guard.release()
}

/** Nobody else may change how many times the owner has the lock. */
function lookAtDepth(agent: Agent, { lock, depth }: Objects): void {
  if (lock instanceof RLock && lock.depth !== depth) agent.did(WRONG_DEPTH, lock.depth)
}

/**
 * Waiters wait until COUNT is not 0, and take one; notifiers add as many as they notify. So if a wake is
 * lost, somebody sleeps while there is something to take. An agent that is told that an owner died does
 * nothing about it: everything that was given is there, and all others must check, too.
 */
function take(agent: Agent, objects: Objects, isTimed: boolean): void {
  const { count } = objects
  withLock(agent, objects, (guard) => {
    while (agent.memory.load(count) === 0) {
      if (!wait(agent, objects, guard, isTimed)) break
    }
    if (agent.memory.load(count) > 0) agent.memory.sub(count, 1)
  })
}

function wait(
  agent: Agent,
  objects: Objects,
  guard: Guard,
  isTimed: boolean,
  forAnything = false,
): boolean {
  const { changed } = objects
  agent.begins(WAITS, forAnything ? 1 : 0)
  const isWoken = isTimed
    ? agent.timed(() => changed.tryWait(guard, { timeoutMs: 10 }))
    : changed.wait(guard)
  agent.did(isWoken ? WOKEN : TIMED_OUT, Number(guard.abandoned))
  lookAtDepth(agent, objects)
  return isWoken
}

function give(agent: Agent, objects: Objects, many: number): void {
  withLock(agent, objects, () => {
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
  wait: (agent, objects) =>
    withLock(agent, objects, (guard) => void wait(agent, objects, guard, false, true)),
  /** Notifies without giving anything: an agent that is woken waits again. */
  notify: (agent, objects) =>
    withLock(agent, objects, () => {
      agent.begins(NOTIFIES, 1)
      objects.changed.notify()
    }),
  takeFor: (agent, objects) => take(agent, objects, true),
  give2: (agent, objects) => give(agent, objects, 2),
}

function threadsOf(layout: Layout): Segment[] {
  const segment = threadsOver((agent) => open(agent, layout))
  return Object.entries(BODIES).map(([name, body]) => segment(name, body))
}

/* ---- event loops --------------------------------------------------------------------------------- */

const OF_LOCK = layoutOf(Lock, 1)

const loopSegment = loopsOver((agent) => open(agent, OF_LOCK))

const isClosed = (error: unknown): boolean => (error as { code?: string }).code === 'ERR_IPC_CLOSED'

async function acquireUnlessClosed(lock: Lock): Promise<Guard | null> {
  try {
    return await lock.acquireAsync()
  } catch (error) {
    if (!isClosed(error)) throw error
    return null
  }
}

const takeAsync =
  (how: 'endless' | 'timed' | 'aborted') =>
  async ({ lock, changed, count }: Objects, loop: Loop): Promise<void> => {
    const { agent } = loop
    const guard = await acquireUnlessClosed(lock as Lock)
    if (guard === null) return
    let gaveUp = false
    while (agent.memory.load(count) === 0 && !gaveUp) {
      agent.begins(WAITS)
      try {
        const isWoken =
          how === 'timed'
            ? await changed.tryWaitAsync(guard, { timeoutMs: 10 })
            : await changed.waitAsync(guard, how === 'aborted' ? { signal: loop.signal() } : {})
        gaveUp = !isWoken
        agent.did(isWoken ? WOKEN : TIMED_OUT, Number(guard.abandoned))
      } catch (error) {
        if (error !== ABORTED && !isClosed(error)) throw error
        agent.did(TIMED_OUT)
        guard.release() // if it has the lock; it takes nothing, so its wake must go to another
        return
      }
    }
    if (agent.memory.load(count) > 0) agent.memory.sub(count, 1)
    guard.release()
  }

/**
 * Closes the lock, so that a waiter of this thread cannot acquire it again. This is refused while the thread
 * has it.
 */
const closeLock = async ({ lock }: Objects, { agent }: Loop): Promise<void> => {
  agent.begins(CLOSES)
  try {
    lock.close()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_IPC_IN_USE') throw error
  }
}

const giveAsync = async ({ lock, changed, count }: Objects, { agent }: Loop): Promise<void> => {
  const guard = await (lock as Lock).acquireAsync()
  agent.memory.add(count, 1)
  agent.begins(NOTIFIES, 1)
  changed.notify()
  guard.release()
}

/* ---- what must hold -------------------------------------------------------------------------------- */

/** How many waits may be woken: one for each notification, and more when somebody dies. */
const WAKES = 0
const SLEEPERS = 1
/** The agents that wait, oldest first: four bits each, the agent + 1. */
const ORDER = 2
/** The agents whose turn has come. */
const TURN = 3
/** Whether an agent waited that takes nothing: then the items that are left say nothing about lost wakes. */
const TAKES_NOTHING = 4
/**
 * Whether somebody may leave without the lock: the agent that is woken in its place learns that only later.
 */
const MAY_DESERT = 5

/** Notifies the agent that waits longest. */
function notifyOldest(view: View): void {
  const agent = (view.get(ORDER) & 15) - 1
  if (agent < 0) return
  view.set(ORDER, view.get(ORDER) >>> 4)
  view.set(TURN, view.get(TURN) | (1 << agent))
}

/** Notes that an agent waits no more; answers whether its turn had come. */
function leaves(view: View, agent: number): boolean {
  const hadTurn = (view.get(TURN) & (1 << agent)) !== 0
  view.set(TURN, view.get(TURN) & ~(1 << agent))
  if (hadTurn) return true
  for (let at = 0; at < 32; at += 4) {
    const order = view.get(ORDER)
    if (((order >>> at) & 15) !== agent + 1) continue
    const before = order & ((1 << at) - 1)
    view.set(ORDER, before | ((order >>> (at + 4)) << at))
    break
  }
  return false
}

const monitorOf = (layout: Layout): Monitor => ({
  words: 6,
  tell(view, agent, code, value) {
    const died = someoneDied(view) || view.get(MAY_DESERT) !== 0
    switch (code) {
      case WAITS:
        view.set(ORDER, view.get(ORDER) | ((agent + 1) << (4 * countOf(view.get(ORDER)))))
        view.set(SLEEPERS, view.get(SLEEPERS) + 1)
        if (value === 1) view.set(TAKES_NOTHING, 1)
        return undefined
      case NOTIFIES:
        view.set(WAKES, view.get(WAKES) + Math.min(value, view.get(SLEEPERS)))
        for (let i = 0; i < value; i++) notifyOldest(view)
        return undefined
      case WOKEN: {
        view.set(SLEEPERS, view.get(SLEEPERS) - 1)
        const hadTurn = leaves(view, agent)
        if (view.get(WAKES) === 0 && !died) return `T${agent} is woken by nobody`
        if (!hadTurn && !died) return `T${agent} is woken before those who wait longer`
        if (view.get(WAKES) > 0) view.set(WAKES, view.get(WAKES) - 1)
        return value === 1 && !died ? `T${agent} is told that an owner died; none did` : undefined
      }
      case CLOSES:
        view.set(MAY_DESERT, 1)
        return undefined
      case WRONG_DEPTH:
        return `T${agent} has the lock ${layout.depth} times, and reads ${value}`
      default:
        view.set(SLEEPERS, view.get(SLEEPERS) - 1)
        if (leaves(view, agent)) notifyOldest(view)
        return undefined
    }
  },
  /** Nobody sleeps for a lock that is free, and nobody for something that is there. */
  maySleep(view, agent) {
    const lock = Lock.at(view.shared, LOCK)
    if (lock.locked || lock.isAbandoned) return false
    if (view.shared.load(layout.count) > 0 && view.get(TAKES_NOTHING) === 0) return false
    // An agent that was notified must go on, whatever there is.
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
    return index < firstEntry || index >= count ? String(word) : showTicket(word)
  },
})

function showTicket(word: number): string {
  const isPoked = (word & 0x40000000) !== 0
  return `${word & 0x3fffffff}${isPoked ? '+POKED' : ''}${word < 0 ? '+NOTIFIED' : ''}`
}

function countOf(order: number): number {
  let count = 0
  for (; order !== 0; order >>>= 4) count++
  return count
}

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
    segments: threadsOf(layout),
    loops,
  }
}

export const condition: Subject = subjectOf('condition', OF_LOCK, [
  loopSegment('takeAsync', takeAsync('endless')),
  loopSegment('takeAbort', takeAsync('aborted')),
  loopSegment('takeAsyncFor', takeAsync('timed')),
  loopSegment('giveAsync', giveAsync),
  loopSegment('takeGive', takeAsync('endless'), giveAsync),
  loopSegment('takeClose', takeAsync('endless'), closeLock),
  loopSegment('abortClose', takeAsync('aborted'), closeLock),
])

/** A Condition over an RLock that its owner always acquires three times. */
export const conditionOfRLock: Subject = subjectOf('condition:rlock', layoutOf(RLock, 3), [])
