import type { Guard } from '@ipc/core'
import { Lock } from '@ipc/lock'
import type { Agent, Code } from '../agent.ts'
import { ABORTED, eventLoop, type Loop } from '../event-loop.ts'
import type { Monitor, Segment, View } from '../model.ts'
import type { Subject } from './subject.ts'
import { showAgents } from './show.ts'

const AT = 0

export const ACQUIRED = 1
export const RELEASES = 2
export const RELEASED = 3
export const ACQUIRES = 4
export const GAVE_UP = 5

const HOLDER = 0
const IS_RELEASING = 1
/** How many calls of each agent are in the middle of taking it: eight bits each. */
const ACQUIRING = 2

/** acquire; critical section; release */
const hold: Segment = segment('hold', (agent, lock) => {
  agent.begins(ACQUIRES)
  const guard = lock.acquire()
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** The same, once. */
const tryHold: Segment = segment('try', (agent, lock) => {
  agent.begins(ACQUIRES)
  const guard = lock.tryAcquire()
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** The same, with a time-out that may come at any time. */
const tryHoldFor: Segment = segment('tryFor', (agent, lock) => {
  agent.begins(ACQUIRES)
  const guard = agent.timed(() => lock.tryAcquire({ timeoutMs: 10 }))
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** Twice, through one object. */
const holdTwice: Segment = segment('holdTwice', (agent, lock) => {
  for (let i = 0; i < 2; i++) {
    agent.begins(ACQUIRES)
    const guard = lock.acquire()
    agent.did(ACQUIRED, Number(guard.abandoned))
    release(agent, lock)
  }
})

/** Enough for any waiter to lose its patience. */
const MANY = 5

/** Waits as one that was woken for nothing again and again: it reserves the lock. */
const starved: Segment = segment('starved', (agent, lock) => {
  agent.loses(MANY)
  agent.begins(ACQUIRES)
  const guard = lock.acquire()
  agent.loses(0)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** The same, with a time-out that may come at any time. */
const starvedFor: Segment = segment('starvedFor', (agent, lock) => {
  agent.loses(MANY)
  agent.begins(ACQUIRES)
  const guard = agent.timed(() => lock.tryAcquire({ timeoutMs: 10 }))
  agent.loses(0)
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/* ---- event loops ------------------------------------------------------------------------------- */

type LockTask = (lock: Lock, loop: Loop) => Promise<void>

/** Tasks of one agent, through one object. */
function loopSegment(name: string, ...tasks: readonly LockTask[]): Segment {
  const known = new WeakMap<Agent, Lock>()
  const lockOf = (agent: Agent): Lock => {
    let lock = known.get(agent)
    if (lock === undefined) known.set(agent, (lock = agent.named(Lock.at(agent.memory, AT))))
    return lock
  }
  return { name, code: eventLoop(tasks.map((task) => (loop) => task(lockOf(loop.agent), loop))) }
}

const holdAsync: LockTask = async (lock, { agent }) => {
  agent.begins(ACQUIRES)
  const guard = await lock.acquireAsync()
  agent.did(ACQUIRED, Number(guard.abandoned))
  releaseGuard(agent, guard)
}

/** Holds it over a turn of the microtasks. */
const holdAsyncLonger: LockTask = async (lock, { agent }) => {
  agent.begins(ACQUIRES)
  const guard = await lock.acquireAsync()
  agent.did(ACQUIRED, Number(guard.abandoned))
  lock.inspect()
  await Promise.resolve()
  releaseGuard(agent, guard)
}

const holdAsyncFor: LockTask = async (lock, { agent }) => {
  agent.begins(ACQUIRES)
  const guard = await lock.tryAcquireAsync({ timeoutMs: 10 })
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  releaseGuard(agent, guard)
}

const holdUnlessAborted: LockTask = async (lock, loop) => {
  const { agent } = loop
  agent.begins(ACQUIRES)
  let guard: Guard
  try {
    guard = await lock.acquireAsync({ signal: loop.signal() })
  } catch (error) {
    if (error !== ABORTED) throw error
    return agent.did(GAVE_UP)
  }
  agent.did(ACQUIRED, Number(guard.abandoned))
  releaseGuard(agent, guard)
}

/** More calls at once than a thread serves before it lets others have the lock. */
const holdManyAsync: LockTask = async (lock, loop) => {
  await Promise.all(Array.from({ length: 18 }, () => holdAsync(lock, loop)))
}

/** Takes it past those who wait, if it is free. */
const tryInBetween: LockTask = async (lock, { agent }) => {
  agent.begins(ACQUIRES)
  const guard = lock.tryAcquire()
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  releaseGuard(agent, guard)
}

/** The same, and holds it while other events happen. */
const tryLongerInBetween: LockTask = async (lock, loop) => {
  const { agent } = loop
  agent.begins(ACQUIRES)
  const guard = lock.tryAcquire()
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  await loop.turn()
  releaseGuard(agent, guard)
}

function releaseGuard(agent: Agent, guard: Guard): void {
  agent.begins(RELEASES)
  guard.release()
  agent.did(RELEASED)
}

function segment(name: string, body: (agent: Agent, lock: Lock) => void): Segment {
  const code: Code = (agent) => {
    body(agent, agent.named(Lock.at(agent.memory, AT)))
  }
  return { name, code }
}

function release(agent: Agent, lock: Lock): void {
  agent.begins(RELEASES)
  lock.release()
  agent.did(RELEASED)
}

/** One owner at a time; told that it was abandoned exactly if the owner died. */
export const monitor: Monitor = {
  words: 3,

  tell(view, agent, code, value) {
    const holder = view.get(HOLDER) - 1
    switch (code) {
      case ACQUIRED: {
        const isReleasing = view.get(IS_RELEASING) !== 0
        const isAbandoned = holder >= 0 && view.isDead(holder)
        view.set(HOLDER, agent + 1)
        view.set(IS_RELEASING, 0)
        view.set(ACQUIRING, view.get(ACQUIRING) - (1 << (8 * agent)))
        if (holder >= 0 && !isAbandoned && !isReleasing) {
          return `mutual exclusion: T${agent} has the lock while T${holder} has it`
        }
        if (isReleasing) return undefined // if it died meanwhile, either is right
        if (isAbandoned && value === 0) return `T${agent} is not told that T${holder} died`
        if (!isAbandoned && value === 1 && !diedTakingIt(view)) {
          return `T${agent} is told that the owner died; none did`
        }
        return undefined
      }
      case RELEASES:
        view.set(IS_RELEASING, 1)
        return undefined
      case ACQUIRES:
        view.set(ACQUIRING, view.get(ACQUIRING) + (1 << (8 * agent)))
        return undefined
      case GAVE_UP:
        view.set(ACQUIRING, view.get(ACQUIRING) - (1 << (8 * agent)))
        return undefined
      default:
        if (holder === agent) {
          view.set(HOLDER, 0)
          view.set(IS_RELEASING, 0)
        }
        return undefined
    }
  },

  maySleep: (view) => isHeld(view),

  wordNames: ['word', 'reservation', 'deaths'],
  show: (index, value) => (index === AT + 2 ? String(value) : showAgents(value)),
}

function isHeld(view: View): boolean {
  const holder = view.get(HOLDER) - 1
  return holder >= 0 && !view.isDead(holder)
}

/** Whether somebody may have died as the owner before it knew. Explains one abandonment. */
function diedTakingIt(view: View): boolean {
  const acquiring = view.get(ACQUIRING)
  for (let agent = 0; agent < view.agents; agent++) {
    if (((acquiring >> (8 * agent)) & 255) === 0 || !view.isDead(agent)) continue
    view.set(ACQUIRING, acquiring - (1 << (8 * agent)))
    return true
  }
  return false
}

export const lock: Subject = {
  name: 'lock',
  words: Lock.words(),
  monitor,
  segments: [hold, tryHold, tryHoldFor, holdTwice, starved, starvedFor],
  loops: [
    loopSegment('async', holdAsync),
    loopSegment('async2', holdAsync, holdAsyncLonger),
    loopSegment('asyncFor', holdAsyncFor),
    loopSegment('asyncFor2', holdAsyncFor, holdAsync),
    loopSegment('abort', holdUnlessAborted),
    loopSegment('abort2', holdUnlessAborted, holdAsync),
    loopSegment('abortLast', holdAsyncLonger, holdUnlessAborted),
    loopSegment('between', holdAsync, tryInBetween),
    loopSegment('betweenLonger', holdAsync, tryLongerInBetween),
    loopSegment('asyncMany', holdManyAsync),
    loopSegment('async3', holdAsync, holdAsync, holdUnlessAborted),
  ],
}
