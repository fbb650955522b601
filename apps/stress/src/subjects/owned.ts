import { Semaphore } from '@ipc/semaphore'
import type { Agent, Monitor, View } from '@ipc/explorer/engine'
import {
  ACQUIRED,
  AT,
  ACQUIRES,
  GAVE_UP,
  RELEASED,
  RELEASES,
  hold,
  holdAsync,
  holdAsyncFor,
  holdManyAsync,
  holdUnlessAborted,
  loopsOf,
  openAt,
  release,
  segmentsOf,
  take,
  tryHoldInBetween,
  type Kind,
} from './permits.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

/** Permits that belong to agents, and come back when they die. */
export function owned(value: number): Subject {
  const kind: Kind = { value, undo: true, bounded: false }
  const segment = segmentsOf(kind)
  const loop = loopsOf(kind)
  return {
    name: `undo:${value}`,
    words: Semaphore.words(kind),
    monitor: monitorOf(kind),
    segments: [
      segment('hold', (agent, semaphore) => hold(agent, semaphore, 'block')),
      segment('tryHold', (agent, semaphore) => hold(agent, semaphore, 'try')),
      segment('tryHoldFor', (agent, semaphore) => hold(agent, semaphore, 'for')),
      segment('holdTwice', (agent, semaphore) => {
        hold(agent, semaphore, 'block')
        hold(agent, semaphore, 'block')
      }),
      segment('keep', (agent, semaphore) => void take(agent, semaphore, 'block')),
      ...(value < 2 ? [] : [segment('holdBoth', (agent, semaphore) => holdBoth(agent, semaphore))]),
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

const HELD = 0
const RELEASING = 1
const IS_TAKING = 2
const WORDS_PER_AGENT = 3
const MOST_AGENTS = 4

/** Two permits at once, given back in one call. */
function holdBoth(agent: Agent, semaphore: Semaphore): void {
  take(agent, semaphore, 'block')
  take(agent, semaphore, 'block')
  release(agent, semaphore, 2)
}

/**
 * There are never more holders than permits; the permits of the dead are free; nobody sleeps while one is
 * free.
 */
function monitorOf(options: Kind): Monitor {
  const free = (view: View): number => openAt(view.shared, options).value
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
      if (options.value === 1 && mustTell(view) && value === 0) {
        return `T${agent} is not told that an owner died`
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

/** Whether the only permit was certainly a dead agent's. That explains one abandonment. */
function mustTell(view: View): boolean {
  for (let agent = 0; agent < view.agents; agent++) {
    const at = agent * WORDS_PER_AGENT
    if (!view.isDead(agent) || view.get(at + HELD) === 0 || view.get(at + RELEASING) > 0) continue
    view.set(at + HELD, 0)
    return true
  }
  return false
}
