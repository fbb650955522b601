import { Lock } from '@ipc/lock'
import type { Agent, Code } from '../automaton.ts'
import type { Monitor, Segment, View } from '../model.ts'
import type { Subject } from './subject.ts'
import { showAgents } from './show.ts'

const AT = 0

const ACQUIRED = 1
const RELEASES = 2
const RELEASED = 3
const ACQUIRES = 4
const GAVE_UP = 5

const HOLDER = 0
const IS_RELEASING = 1
/** Of the agents that are in the middle of taking it. */
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

function segment(name: string, body: (agent: Agent, lock: Lock) => void): Segment {
  const code: Code = (agent) => {
    body(agent, Lock.at(agent.memory, AT))
  }
  return { name, code }
}

function release(agent: Agent, lock: Lock): void {
  agent.begins(RELEASES)
  lock.release()
  agent.did(RELEASED)
}

/** One owner at a time; told that it was abandoned exactly if the owner died. */
const monitor: Monitor = {
  words: 3,

  tell(view, agent, code, value) {
    const holder = view.get(HOLDER) - 1
    switch (code) {
      case ACQUIRED: {
        const isReleasing = view.get(IS_RELEASING) !== 0
        const isAbandoned = holder >= 0 && view.isDead(holder)
        view.set(HOLDER, agent + 1)
        view.set(IS_RELEASING, 0)
        view.set(ACQUIRING, view.get(ACQUIRING) & ~(1 << agent))
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
        view.set(ACQUIRING, view.get(ACQUIRING) | (1 << agent))
        return undefined
      case GAVE_UP:
        view.set(ACQUIRING, view.get(ACQUIRING) & ~(1 << agent))
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

  wordNames: ['word', 'reservation'],
  show: (_, value) => showAgents(value),
}

function isHeld(view: View): boolean {
  const holder = view.get(HOLDER) - 1
  return holder >= 0 && !view.isDead(holder)
}

/** Whether somebody may have died as the owner before it knew. Explains one abandonment. */
function diedTakingIt(view: View): boolean {
  const acquiring = view.get(ACQUIRING)
  for (let agent = 0; agent < view.agents; agent++) {
    if ((acquiring & (1 << agent)) === 0 || !view.isDead(agent)) continue
    view.set(ACQUIRING, acquiring & ~(1 << agent))
    return true
  }
  return false
}

export const lock: Subject = {
  name: 'lock',
  words: Lock.words(),
  monitor,
  segments: [hold, tryHold, tryHoldFor, holdTwice, starved, starvedFor],
}
