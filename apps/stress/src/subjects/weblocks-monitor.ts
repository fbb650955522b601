/** The standard's algorithm for locks by name, as a monitor of what agents say that they did. */
import { check, Table, type Layout } from '@ipc/web-locks/table'
import type { Monitor, View } from '@ipc/explorer/engine'

/** The codes that agents tell the monitor. The value is `what(name, shared, told)`. */
export const ASKS = 1
export const WAITS = 2
export const HAS = 3
export const REFUSED = 4
export const GIVES_UP = 5
export const GAVE_UP = 6
export const RELEASES = 7
export const RELEASED = 8
export const STEALS = 9
export const STOLE = 10
/** The agent is about to leave the mutex. */
export const LEAVES = 11

const SHARED = 2
const YES = 4

export function what(name: number, shared: boolean, isSo = false): number {
  return name | (shared ? SHARED : 0) | (isSo ? YES : 0)
}

/** Each of the two names has these words. They are masks of agents, unless their comments say otherwise. */
const EXCLUSIVE = 0
const SHARING = 1
/** Agents are in this mask from before the request until after the release. */
const ACTIVE = 2
/** The ACTIVE agents that asked for it exclusively. */
const ACTIVE_ALONE = 3
const ROBBED = 4
const STEALING = 5
/** 1 + the agent that certainly holds it exclusively, so that the next one must be told if it dies. */
const KNOWN = 6
/** The agents that wait, in order: four bits each, 1 + the agent, and 8 if it wants to share. */
const QUEUE = 7
/** The agents that began to ask while no living one was ACTIVE, if none has come since. */
const ALONE = 8
const WORDS = 9
const NAMES = 2

const BITS = 4
const SHARES = 8

interface Waiting {
  readonly agent: number
  readonly shared: boolean
}

function queueOf(view: View, at: number): Waiting[] {
  const queue: Waiting[] = []
  for (let word = view.get(at + QUEUE); word !== 0; word >>>= BITS) {
    queue.push({ agent: (word & (SHARES - 1)) - 1, shared: (word & SHARES) !== 0 })
  }
  return queue
}

function setQueue(view: View, at: number, queue: readonly Waiting[]): void {
  let word = 0
  for (const { agent, shared } of queue.toReversed()) {
    word = (word << BITS) | (agent + 1) | (shared ? SHARES : 0)
  }
  view.set(at + QUEUE, word)
}

function living(view: View, mask: number): number {
  let alive = 0
  for (let agent = 0; agent < view.agents; agent++) {
    if (!view.isDead(agent)) alive |= mask & (1 << agent)
  }
  return alive
}

export function monitorOf(
  layout: Layout,
  show: Required<Pick<Monitor, 'wordNames' | 'show'>>,
): Monitor {
  return {
    words: WORDS * NAMES,

    tell(view, agent, code, value) {
      if (code === LEAVES) return whole(view, layout)
      const at = (value & 1) * WORDS
      const shared = (value & SHARED) !== 0
      const isSo = (value & YES) !== 0
      const bit = 1 << agent
      const on = (word: number): void => view.set(at + word, view.get(at + word) | bit)
      const off = (word: number): void => view.set(at + word, view.get(at + word) & ~bit)
      const isOver = (): void =>
        [EXCLUSIVE, SHARING, ACTIVE, ACTIVE_ALONE, ROBBED, STEALING].forEach(off)
      switch (code) {
        case ASKS:
          view.set(at + ALONE, living(view, view.get(at + ACTIVE)) === 0 ? bit : 0)
          on(ACTIVE)
          if (!shared) on(ACTIVE_ALONE)
          return undefined
        case WAITS:
          setQueue(view, at, [...queueOf(view, at), { agent, shared }])
          return undefined
        case HAS:
          return hasIt(view, at, { agent, shared }, isSo)
        case REFUSED:
          isOver()
          return (view.get(at + ALONE) & bit) !== 0 ? `T${agent} is refused, by nobody` : undefined
        case STEALS:
          on(STEALING)
          return undefined
        case STOLE:
          // It robs every agent that has it, or was granted it and does not know yet, or is about to release
          // it.
          view.set(at + ROBBED, view.get(at + ROBBED) | (view.get(at + ACTIVE) & ~bit))
          view.set(at + EXCLUSIVE, 0)
          view.set(at + SHARING, 0)
          if (!view.isDead(view.get(at + KNOWN) - 1)) view.set(at + KNOWN, 0)
          return undefined
        case GIVES_UP:
          setQueue(
            view,
            at,
            queueOf(view, at).filter((one) => one.agent !== agent),
          )
          return undefined
        case RELEASES:
          off(EXCLUSIVE)
          off(SHARING)
          if (view.get(at + KNOWN) === agent + 1) view.set(at + KNOWN, 0)
          return undefined
        case RELEASED: {
          const mayBeRobbed = (view.get(at + ROBBED) & bit) !== 0 || hasDeadThief(view, at)
          const isRobbed = !isSo
          isOver()
          if (isRobbed && !mayBeRobbed) return `T${agent} has lost the lock, which nobody stole`
          return undefined
        }
        default:
          isOver()
          return undefined
      }
    },

    /**
     * An agent may sleep only behind somebody who has it and lives: one that is releasing it is not at rest.
     */
    maySleep(view, agent) {
      for (let at = 0; at < WORDS * NAMES; at += WORDS) {
        if ((view.get(at + ACTIVE) & (1 << agent)) === 0) continue
        if ((view.get(at + EXCLUSIVE) | view.get(at + SHARING)) === 0) continue
        if (living(view, view.get(at + EXCLUSIVE) | view.get(at + SHARING)) !== 0) return true
      }
      return false
    },

    ...show,
  }
}

function hasDeadThief(view: View, at: number): boolean {
  const thieves = view.get(at + STEALING)
  return living(view, thieves) !== thieves
}

/**
 * Nobody else has it who excludes this agent, nobody is overtaken, and an agent that must be told of a death
 * is told.
 */
function hasIt(
  view: View,
  at: number,
  { agent, shared }: Waiting,
  isTold: boolean,
): string | undefined {
  const bit = 1 << agent
  const others = (word: number): number => living(view, view.get(at + word) & ~bit)
  const queue = queueOf(view, at)
  const place = queue.findIndex((one) => one.agent === agent)
  const isThief = (view.get(at + STEALING) & bit) !== 0
  setQueue(
    view,
    at,
    queue.filter((one) => one.agent !== agent),
  )
  const isUnsure = hasDeadThief(view, at) // the victims may not know
  const excluded = shared ? others(EXCLUSIVE) : others(EXCLUSIVE) | others(SHARING)
  if (excluded !== 0 && !isUnsure) return `T${agent} has the lock while others have it`
  for (const one of isThief ? [] : queue.slice(0, place < 0 ? undefined : place)) {
    const isInTheWay = !(one.shared && shared) && !view.isDead(one.agent)
    if (isInTheWay) return `T${agent} has overtaken T${one.agent}`
  }
  const known = view.get(at + KNOWN) - 1
  const isKnown = known >= 0 && view.isDead(known)
  const active = view.get(at + ACTIVE_ALONE) & ~bit
  const alive = living(view, active)
  if (isKnown && !isTold && !isUnsure) return `T${agent} is not told that T${known} died`
  if (isTold && active === alive) return `T${agent} is told that a holder died; none did`
  if (isTold) {
    view.set(at + KNOWN, 0)
    view.set(at + ACTIVE_ALONE, view.get(at + ACTIVE_ALONE) & (alive | bit))
  }
  view.set(at + (shared ? SHARING : EXCLUSIVE), view.get(at + (shared ? SHARING : EXCLUSIVE)) | bit)
  if (!shared) view.set(at + KNOWN, agent + 1)
  return undefined
}

/** Checks the table, as an agent leaves it. */
function whole(view: View, layout: Layout): string | undefined {
  const wrong = check(new Table(view.shared, layout))
  return wrong.length === 0 ? undefined : `the table: ${wrong.join('; ')}`
}
