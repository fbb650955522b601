import { Semaphore } from '@ipc/semaphore'
import type { Monitor, View } from '@ipc/explorer/engine'
import {
  ACQUIRED,
  ACQUIRES,
  GAVE_UP,
  REFUSED,
  RELEASED,
  RELEASES,
  give,
  hold,
  holdAsync,
  holdManyAsync,
  loopsOf,
  openAt,
  release,
  segmentsOf,
  take,
  takeAsync,
  takeAsyncFor,
  takeUnlessAborted,
  tryInBetween,
  type Kind,
} from './permits.ts'
import type { Subject } from './subject.ts'

/** Permits that are only a number; if `bounded`, there are never more than at first. */
export function counted(value: number, bounded = false): Subject {
  const kind: Kind = { value, undo: false, bounded }
  const segment = segmentsOf(kind)
  const loop = loopsOf(kind)
  return {
    name: `${bounded ? 'bounded' : 'semaphore'}:${value}`,
    words: Semaphore.words(kind),
    monitor: monitorOf(kind),
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

/** How many permits were released at least, and at most. */
const RELEASED_AT_LEAST = 0
const RELEASED_AT_MOST = 1
/** How many permits were taken; and how many calls of each agent may be taking one, eight bits each. */
const TAKEN = 2
const TAKING = 3
/** The agents whose release may be refused, as perhaps no permit was taken at some moment of it. */
const MAY_REFUSE = 4

/** No permit comes from nowhere, none is lost, none is too many; nobody sleeps while there is one. */
function monitorOf(options: Kind): Monitor {
  const add = (view: View, word: number, n: number): void => view.set(word, view.get(word) + n)
  const free = (view: View): number => openAt(view.shared, options).value
  return {
    words: 5,
    tell(view, agent, code, value) {
      const one = 1 << (8 * agent)
      if (code === ACQUIRES) add(view, TAKING, one)
      if (code === GAVE_UP || code === ACQUIRED) add(view, TAKING, -one)
      if (code === ACQUIRED) add(view, TAKEN, 1)
      if (code === RELEASES) add(view, RELEASED_AT_MOST, value)
      if (code === RELEASED) add(view, RELEASED_AT_LEAST, value)
      if (options.bounded) {
        const wrong = tellBounded(view, agent, code)
        if (wrong !== undefined) return wrong
        const now = free(view)
        if (now > options.value) return `${now} of ${options.value} permits are free`
      }
      if (code === REFUSED) add(view, RELEASED_AT_MOST, -value)
      forgetThePast(view)
      const most = options.value + view.get(RELEASED_AT_MOST)
      if (view.get(TAKEN) <= most) return undefined
      return `${view.get(TAKEN)} permits are taken; there are ${most}`
    },
    maySleep: (view) => free(view) === 0,
    atRest(view) {
      // An agent that sleeps has taken nothing. One that died while taking a permit may have taken it.
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

/**
 * Forgets permits that were taken and released again: they make no difference, and so agents that go on
 * forever come back to the same state.
 */
function forgetThePast(view: View): void {
  const sums = [TAKEN, RELEASED_AT_MOST, RELEASED_AT_LEAST]
  const past = Math.min(...sums.map((sum) => view.get(sum)))
  if (past > 0) for (const sum of sums) view.set(sum, view.get(sum) - past)
}

/** Answers how many permits the dead may have taken. */
function takenByTheDead(view: View): number {
  let count = 0
  for (let agent = 0; agent < view.agents; agent++) {
    if (view.isDead(agent)) count += (view.get(TAKING) >> (8 * agent)) & 255
  }
  return count
}

/** A release is refused only if all permits were free at some moment of it. */
function tellBounded(view: View, agent: number, code: number): string | undefined {
  const bit = 1 << agent
  if (code === RELEASES) view.set(MAY_REFUSE, view.get(MAY_REFUSE) & ~bit)
  const taken = view.get(TAKEN)
  if (view.get(RELEASED_AT_MOST) > taken) view.set(MAY_REFUSE, -1)
  if (code !== REFUSED || (view.get(MAY_REFUSE) & bit) !== 0) return undefined
  return `T${agent} may not release, though ${taken} permits are taken`
}
