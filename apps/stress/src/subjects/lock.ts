import type { Guard } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { ABORTED, type Agent, type Loop, type Segment } from '@ipc/explorer/engine'
import { loopsOver, threadsOver } from './parts.ts'
import type { Subject } from './subject.ts'
import { ACQUIRED, ACQUIRES, exclusion, GAVE_UP, RELEASED, RELEASES } from './exclusion.ts'

const AT = 0

const open = (agent: Agent): Lock => agent.named(Lock.at(agent.memory, AT))
const segment = threadsOver(open)
const loopSegment = loopsOver(open)

/** Acquires the lock, goes through a critical section, and releases it. */
const hold: Segment = segment('hold', (agent, lock) => {
  agent.begins(ACQUIRES)
  const guard = lock.acquire()
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** Tries once to acquire the lock, and releases it. */
const tryHold: Segment = segment('try', (agent, lock) => {
  agent.begins(ACQUIRES)
  const guard = lock.tryAcquire()
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** Tries to acquire it with a time-out that may come at any time. */
const tryHoldFor: Segment = segment('tryFor', (agent, lock) => {
  agent.begins(ACQUIRES)
  const guard = agent.timed(() => lock.tryAcquire({ timeoutMs: 10 }))
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** Acquires and releases it twice, through one object. */
const holdTwice: Segment = segment('holdTwice', (agent, lock) => {
  for (let i = 0; i < 2; i++) {
    agent.begins(ACQUIRES)
    const guard = lock.acquire()
    agent.did(ACQUIRED, Number(guard.abandoned))
    release(agent, lock)
  }
})

/** This many wakes are enough for any waiter to lose its patience. */
const MANY = 5

/** Waits like an agent that was woken for nothing again and again: it reserves the lock. */
const starved: Segment = segment('starved', (agent, lock) => {
  agent.loses(MANY)
  agent.begins(ACQUIRES)
  const guard = lock.acquire()
  agent.loses(0)
  agent.did(ACQUIRED, Number(guard.abandoned))
  release(agent, lock)
})

/** Waits like `starved`, with a time-out that may come at any time. */
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

const holdAsync: LockTask = async (lock, { agent }) => {
  agent.begins(ACQUIRES)
  const guard = await lock.acquireAsync()
  agent.did(ACQUIRED, Number(guard.abandoned))
  releaseGuard(agent, guard)
}

/** Holds the lock over a turn of the microtasks. */
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

/** Makes more calls at once than a thread serves before it lets others have the lock. */
const holdManyAsync: LockTask = async (lock, loop) => {
  await Promise.all(Array.from({ length: 18 }, () => holdAsync(lock, loop)))
}

/** Takes the lock past those that wait, if it is free. */
const tryInBetween: LockTask = async (lock, { agent }) => {
  agent.begins(ACQUIRES)
  const guard = lock.tryAcquire()
  if (guard === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(guard.abandoned))
  releaseGuard(agent, guard)
}

/** Takes it past those that wait, too, and holds it while other events happen. */
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

function release(agent: Agent, lock: Lock): void {
  agent.begins(RELEASES)
  lock.release()
  agent.did(RELEASED)
}

export const lock: Subject = {
  name: 'lock',
  words: Lock.words(),
  monitor: exclusion(['word', 'reservation', 'deaths']),
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
