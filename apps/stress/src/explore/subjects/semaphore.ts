import type { Guard } from '@ipc/core'
import { Semaphore, type SemaphoreOptions } from '@ipc/semaphore'
import type { Agent } from '../agent.ts'
import { ABORTED, eventLoop, type Loop } from '../event-loop.ts'
import type { Monitor, Segment, View } from '../model.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const AT = 0

export const ACQUIRES = 1
export const ACQUIRED = 2
export const GAVE_UP = 3
export const RELEASES = 4
export const RELEASED = 5

/** Permits that are only a number. */
export function counted(value: number): Subject {
  const options = { value, undo: false }
  const segment = segmentsOf(options)
  const loop = loopsOf(options)
  return {
    name: `semaphore:${value}`,
    words: Semaphore.words(options),
    monitor: countedMonitor(options),
    segments: [
      segment('acquire', (agent, semaphore) => void take(agent, semaphore, 'block')),
      segment('release', (agent, semaphore) => release(agent, semaphore, 1)),
      segment('try', (agent, semaphore) => void take(agent, semaphore, 'try')),
      segment('tryFor', (agent, semaphore) => void take(agent, semaphore, 'for')),
      segment('release2', (agent, semaphore) => release(agent, semaphore, 2)),
      segment('hold', (agent, semaphore) => hold(agent, semaphore, 'block')),
    ],
    loops: [
      loop('async', takeAsync),
      loop('asyncHold', holdAsync),
      loop('asyncHold2', holdAsync, holdAsync),
      loop('asyncFor', takeAsyncFor),
      loop('asyncFor2', takeAsyncFor, takeAsync),
      loop('abort', takeUnlessAborted),
      loop('abort2', takeUnlessAborted, takeAsync),
      loop('abortLast', takeAsync, takeUnlessAborted),
      loop('between', takeAsync, tryInBetween),
      loop('give', takeAsync, give),
      loop('holdGive', holdAsync, takeUnlessAborted, give),
      loop('asyncMany', holdManyAsync),
    ],
  }
}

/** Permits that belong to agents, and come back when they die. */
export function owned(value: number): Subject {
  const options = { value, undo: true }
  const segment = segmentsOf(options)
  const loop = loopsOf(options)
  return {
    name: `undo:${value}`,
    words: Semaphore.words(options),
    monitor: ownedMonitor(options),
    segments: [
      segment('hold', (agent, semaphore) => hold(agent, semaphore, 'block')),
      segment('tryHold', (agent, semaphore) => hold(agent, semaphore, 'try')),
      segment('tryHoldFor', (agent, semaphore) => hold(agent, semaphore, 'for')),
      segment('holdTwice', (agent, semaphore) => {
        hold(agent, semaphore, 'block')
        hold(agent, semaphore, 'block')
      }),
    ],
    loops: [
      loop('async', holdAsync),
      loop('async2', holdAsync, holdAsync),
      loop('asyncFor', holdAsyncFor),
      loop('asyncFor2', holdAsyncFor, holdAsync),
      loop('abort', holdUnlessAborted),
      loop('abort2', holdUnlessAborted, holdAsync),
      loop('abortLast', holdAsync, holdUnlessAborted),
      loop('between', holdAsync, tryHoldInBetween),
      loop('asyncMany', holdManyAsync),
    ],
  }
}

type MakeSegment = (name: string, body: (agent: Agent, semaphore: Semaphore) => void) => Segment

function segmentsOf(options: SemaphoreOptions): MakeSegment {
  return (name, body) => ({
    name,
    code: (agent) => {
      body(agent, agent.named(Semaphore.at(agent.memory, AT, options)))
    },
  })
}

function hold(agent: Agent, semaphore: Semaphore, how: 'block' | 'try' | 'for'): void {
  if (take(agent, semaphore, how)) release(agent, semaphore, 1)
}

/* ---- event loops ------------------------------------------------------------------------------- */

type SemaphoreTask = (semaphore: Semaphore, loop: Loop) => Promise<void>

/** Tasks of one agent, through one object. */
function loopsOf(
  options: SemaphoreOptions,
): (name: string, ...tasks: readonly SemaphoreTask[]) => Segment {
  return (name, ...tasks) => {
    const known = new WeakMap<Agent, Semaphore>()
    const semaphoreOf = (agent: Agent): Semaphore => {
      let semaphore = known.get(agent)
      if (semaphore === undefined) {
        known.set(agent, (semaphore = agent.named(Semaphore.at(agent.memory, AT, options))))
      }
      return semaphore
    }
    const code = eventLoop(tasks.map((task) => (loop) => task(semaphoreOf(loop.agent), loop)))
    return { name, code }
  }
}

async function acquire(
  agent: Agent,
  call: () => Promise<Guard | null> | Guard | null,
): Promise<Guard | null> {
  agent.begins(ACQUIRES)
  try {
    const guard = await call()
    agent.did(guard === null ? GAVE_UP : ACQUIRED, Number(guard?.abandoned ?? false))
    return guard
  } catch (error) {
    if (error !== ABORTED) throw error
    agent.did(GAVE_UP)
    return null
  }
}

function releaseGuard(agent: Agent, guard: Guard | null): void {
  if (guard === null) return
  agent.begins(RELEASES, 1)
  guard.release()
  agent.did(RELEASED, 1)
}

const takeAsync: SemaphoreTask = async (semaphore, { agent }) => {
  await acquire(agent, () => semaphore.acquireAsync())
}

const takeAsyncFor: SemaphoreTask = async (semaphore, { agent }) => {
  await acquire(agent, () => semaphore.tryAcquireAsync({ timeoutMs: 10 }))
}

const takeUnlessAborted: SemaphoreTask = async (semaphore, loop) => {
  await acquire(loop.agent, () => semaphore.acquireAsync({ signal: loop.signal() }))
}

const holdAsync: SemaphoreTask = async (semaphore, { agent }) => {
  releaseGuard(agent, await acquire(agent, () => semaphore.acquireAsync()))
}

const holdAsyncFor: SemaphoreTask = async (semaphore, { agent }) => {
  releaseGuard(agent, await acquire(agent, () => semaphore.tryAcquireAsync({ timeoutMs: 10 })))
}

const holdUnlessAborted: SemaphoreTask = async (semaphore, loop) => {
  const signal = loop.signal()
  releaseGuard(loop.agent, await acquire(loop.agent, () => semaphore.acquireAsync({ signal })))
}

/** More calls at once than a thread serves before it lets others have a permit. */
const holdManyAsync: SemaphoreTask = async (semaphore, loop) => {
  await Promise.all(Array.from({ length: 18 }, () => holdAsync(semaphore, loop)))
}

/** Takes one past those who wait, if one is free. */
const tryInBetween: SemaphoreTask = async (semaphore, { agent }) => {
  take(agent, semaphore, 'try')
}

const tryHoldInBetween: SemaphoreTask = async (semaphore, { agent }) => {
  hold(agent, semaphore, 'try')
}

const give: SemaphoreTask = async (semaphore, { agent }) => {
  release(agent, semaphore, 1)
}

/* ---- threads ----------------------------------------------------------------------------------- */

function take(agent: Agent, semaphore: Semaphore, how: 'block' | 'try' | 'for'): boolean {
  agent.begins(ACQUIRES)
  const guard =
    how === 'block'
      ? semaphore.acquire()
      : how === 'try'
        ? semaphore.tryAcquire()
        : agent.timed(() => semaphore.tryAcquire({ timeoutMs: 10 }))
  agent.did(guard === null ? GAVE_UP : ACQUIRED, Number(guard?.abandoned ?? false))
  return guard !== null
}

function release(agent: Agent, semaphore: Semaphore, count: number): void {
  agent.begins(RELEASES, count)
  semaphore.release(count)
  agent.did(RELEASED, count)
}

/* ---- permits that are only a number ------------------------------------------------------------ */

/** Permits that were released: for certain, and perhaps. */
const RELEASED_AT_LEAST = 0
const RELEASED_AT_MOST = 1
/** Permits that were taken; and how many calls of each agent perhaps take one, eight bits each. */
const TAKEN = 2
const TAKING = 3

/** No permit from nowhere, none lost; nobody sleeps while there is one. */
function countedMonitor(options: SemaphoreOptions & { value: number }): Monitor {
  const add = (view: View, word: number, n: number): void => view.set(word, view.get(word) + n)
  const free = (view: View): number => Semaphore.at(view.shared, AT, options).value
  return {
    words: 4,
    tell(view, agent, code, value) {
      const one = 1 << (8 * agent)
      if (code === ACQUIRES) add(view, TAKING, one)
      if (code === GAVE_UP || code === ACQUIRED) add(view, TAKING, -one)
      if (code === ACQUIRED) add(view, TAKEN, 1)
      if (code === RELEASES) add(view, RELEASED_AT_MOST, value)
      if (code === RELEASED) add(view, RELEASED_AT_LEAST, value)
      const most = options.value + view.get(RELEASED_AT_MOST)
      if (view.get(TAKEN) <= most) return undefined
      return `${view.get(TAKEN)} permits were taken; there were ${most}`
    },
    maySleep: (view) => free(view) === 0,
    atRest(view) {
      // Who sleeps has taken nothing. Who died while taking has, perhaps.
      const taken = view.get(TAKEN)
      const least = options.value + view.get(RELEASED_AT_LEAST) - taken - takenByTheDead(view)
      const most = options.value + view.get(RELEASED_AT_MOST) - taken
      const value = free(view)
      if (value >= least && value <= most) return undefined
      return `the value is ${value}; ${least === most ? least : `${least} to ${most}`} permits are free`
    },
    wordNames: ['word'],
    show: (_, word) => {
      const permits = (word + options.value) & 0x7fffffff
      return word < 0 ? `${permits}+WAITERS` : String(permits)
    },
  }
}

/** Perhaps. */
function takenByTheDead(view: View): number {
  let count = 0
  for (let agent = 0; agent < view.agents; agent++) {
    if (view.isDead(agent)) count += (view.get(TAKING) >> (8 * agent)) & 255
  }
  return count
}

/* ---- permits that belong to agents --------------------------------------------------------------- */

const HELD = 0
const RELEASING = 1
const IS_TAKING = 2
const WORDS_PER_AGENT = 3
const MOST_AGENTS = 4

/** Never more holders than permits; what the dead had is free; nobody sleeps while one is. */
function ownedMonitor(options: SemaphoreOptions & { value: number }): Monitor {
  const free = (view: View): number => Semaphore.at(view.shared, AT, options).value
  return {
    words: MOST_AGENTS * WORDS_PER_AGENT,
    tell(view, agent, code, value) {
      const at = agent * WORDS_PER_AGENT
      const add = (word: number, n: number): void => view.set(at + word, view.get(at + word) + n)
      if (code === ACQUIRES) add(IS_TAKING, 1)
      if (code === GAVE_UP || code === ACQUIRED) add(IS_TAKING, -1)
      if (code === RELEASES) add(RELEASING, value)
      if (code === RELEASED) {
        add(RELEASING, -value)
        add(HELD, -value)
      }
      if (code !== ACQUIRED) return undefined
      add(HELD, 1)
      let held = 0
      for (let other = 0; other < view.agents; other++) {
        const word = other * WORDS_PER_AGENT
        if (!view.isDead(other)) held += view.get(word + HELD) - view.get(word + RELEASING)
      }
      if (held > options.value) return `${held} permits are held; there are ${options.value}`
      if (value === 1 && !mayHaveAbandoned(view)) {
        return `T${agent} is told that an owner died; none did`
      }
      return undefined
    },
    maySleep: (view) => free(view) === 0,
    atRest(view) {
      let held = 0
      for (let agent = 0; agent < view.agents; agent++) {
        if (!view.isDead(agent)) held += view.get(agent * WORDS_PER_AGENT + HELD)
      }
      const value = free(view)
      if (value === options.value - held) return undefined
      return `the value is ${value}; ${held} of ${options.value} permits are held`
    },
    wordNames: ['bell', ...Array.from({ length: options.value }, (_, i) => `permit${i}`)],
    show: (index, word) =>
      index > AT ? showAgents(word) : word < 0 ? `${word & 0x7fffffff}+WAITERS` : String(word),
  }
}

function mayHaveAbandoned(view: View): boolean {
  for (let agent = 0; agent < view.agents; agent++) {
    const at = agent * WORDS_PER_AGENT
    if (view.isDead(agent) && view.get(at + HELD) + view.get(at + IS_TAKING) > 0) return true
  }
  return false
}
