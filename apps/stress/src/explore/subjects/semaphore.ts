import { Semaphore, type SemaphoreOptions } from '@ipc/semaphore'
import type { Agent } from '../automaton.ts'
import type { Monitor, Segment, View } from '../model.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const AT = 0

const ACQUIRES = 1
const ACQUIRED = 2
const GAVE_UP = 3
const RELEASES = 4
const RELEASED = 5

/** Permits that are only a number. */
export function counted(value: number): Subject {
  const options = { value, undo: false }
  const segment = segmentsOf(options)
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
  }
}

/** Permits that belong to agents, and come back when they die. */
export function owned(value: number): Subject {
  const options = { value, undo: true }
  const segment = segmentsOf(options)
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
  }
}

type MakeSegment = (name: string, body: (agent: Agent, semaphore: Semaphore) => void) => Segment

function segmentsOf(options: SemaphoreOptions): MakeSegment {
  return (name, body) => ({
    name,
    code: (agent) => {
      body(agent, Semaphore.at(agent.memory, AT, options))
    },
  })
}

function hold(agent: Agent, semaphore: Semaphore, how: 'block' | 'try' | 'for'): void {
  if (take(agent, semaphore, how)) release(agent, semaphore, 1)
}

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
/** Permits that were taken, and agents that perhaps take one. */
const TAKEN = 2
const TAKING = 3

/** No permit from nowhere, none lost; nobody sleeps while there is one. */
function countedMonitor(options: SemaphoreOptions & { value: number }): Monitor {
  const add = (view: View, word: number, n: number): void => view.set(word, view.get(word) + n)
  const free = (view: View): number => Semaphore.at(view.shared, AT, options).value
  return {
    words: 4,
    tell(view, _agent, code, value) {
      if (code === ACQUIRES) add(view, TAKING, 1)
      if (code === GAVE_UP || code === ACQUIRED) add(view, TAKING, -1)
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
      let sleepers = 0
      for (let agent = 0; agent < view.agents; agent++) if (view.isAsleep(agent)) sleepers++
      const taken = view.get(TAKEN)
      const least =
        options.value + view.get(RELEASED_AT_LEAST) - taken - view.get(TAKING) + sleepers
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
