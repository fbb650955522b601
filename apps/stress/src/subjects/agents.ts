import { Agents } from './native/agents.ts'
import {
  agentOf,
  generationOf,
  livenessOf,
  NAMES,
  nudgeOf,
  places,
  ROBUST,
  slotOf,
} from './native/layout.ts'
import { isStuck } from './native/trylock.ts'
import { Openers } from './native/openers.ts'
import { type Agent, FIRST_ID, FUTEX_TID_MASK, type Monitor, type View } from '@ipc/explorer/engine'
import { threadsOver } from './parts.ts'
import { showNative } from './show-native.ts'
import type { Subject } from './subject.ts'

/** The slots of agents that wait for a death; the others are handed out. */
const OBSERVERS = [3, 4] as const
const observerOf = (agent: number): number => OBSERVERS[agent % OBSERVERS.length]!

const LIVES = 1
const LEAVES = 2
const SEES_DEATH = 3
const AWAITS = 4

/** The question of who is alive, in a registry of so few slots that they are used again. */
export function agents(slots: number): Subject {
  const segment = threadsOver((agent) => agent.named(new Agents(agent.memory, slots)))

  const live = (agent: Agent, registry: Agents): number => {
    const self = registry.agentSelf()
    if (self !== 0) agent.did(LIVES, self)
    return self
  }
  /** Answers with the agent that has the first slot now; 0 if nobody has. */
  const look = ({ memory }: Agent): number => {
    const generation = memory.load(generationOf(1))
    return (generation & 1) === 0 ? 0 : agentOf(1, generation)
  }

  return {
    name: `agents:${slots}`,
    words: places,
    robust: ROBUST,
    initial() {
      const words = Array.from({ length: places }, () => 0)
      for (const slot of OBSERVERS) words[generationOf(slot)] = 1
      return words
    },
    monitor: monitorOf(slots),
    refuses: whyRefused,
    segments: [
      segment('live', (agent, registry) => {
        const self = live(agent, registry)
        if (self === 0) return // the registry was full
        agent.begins(LEAVES)
        registry.agentLeave(self)
        agent.memory.exit()
      }),
      segment('stay', (agent, registry) => {
        if (live(agent, registry) !== 0) agent.memory.stay()
      }),
      segment('see', (agent, registry) => {
        const whom = look(agent)
        if (whom !== 0 && registry.isDead(whom)) agent.did(SEES_DEATH, whom)
      }),
      // This waits as a sleeper does for an object that the other agent holds; but it watches only this
      // agent.
      segment('await', (agent, registry) => {
        const whom = look(agent)
        if (whom === 0) return
        agent.begins(AWAITS, whom)
        const word = livenessOf(slotOf(whom))
        const nudge = nudgeOf(observerOf(agent.number))
        for (;;) {
          // This is the order of ipc_park().
          const nudged = agent.memory.load(nudge)
          const alive = new Openers(registry).armLiveness(whom)
          if (alive === 0) break
          const words = [
            { word, expected: alive },
            { word: nudge, expected: nudged },
          ]
          const woken = agent.memory.sleepOn(words, Infinity)
          if (woken === 0 || agent.memory.load(word) !== alive) registry.wakeAll(word)
        }
        agent.did(SEES_DEATH, whom)
      }),
    ],
  }
}

/**
 * An agent has one identity: it lives in a slot that is handed out, or it waits in one that it has already.
 */
function whyRefused(all: readonly (readonly string[])[]): string | undefined {
  const waiting = all.map((segments) => segments.includes('await'))
  const isBoth = all.some(
    (segments, agent) =>
      waiting[agent] && segments.some((name) => name === 'live' || name === 'stay'),
  )
  if (isBoth) return 'who waits for a death has a slot already, and takes no other'
  const slots = [...waiting.keys()].filter((agent) => waiting[agent]).map(observerOf)
  if (new Set(slots).size < slots.length) return 'two who wait for a death would have the same slot'
  return undefined
}

/* ---- what must hold ---------------------------------------------------------------------------- */

const IS = 0
const WAITS_FOR = 1
const WORDS_PER_AGENT = 2
const MOST_AGENTS = 4

const isNow = (view: View, agent: number): number => view.get(agent * WORDS_PER_AGENT + IS)
const waitsFor = (view: View, agent: number): number =>
  view.get(agent * WORDS_PER_AGENT + WAITS_FOR)

/** Nobody alive is taken for dead; an agent that waits for a death hears of it; slots stay usable. */
function monitorOf(slots: number): Monitor {
  return {
    words: MOST_AGENTS * WORDS_PER_AGENT,
    tell(view, agent, code, value) {
      switch (code) {
        case LIVES: {
          const other = whoIs(view, value)
          view.set(agent * WORDS_PER_AGENT + IS, value)
          if (other >= 0) return `T${agent} and T${other} are one agent`
          return wordsSay(view, value) ? undefined : `T${agent} lives, and its words do not say so`
        }
        case LEAVES:
          view.set(agent * WORDS_PER_AGENT + IS, 0)
          return undefined
        case AWAITS:
          view.set(agent * WORDS_PER_AGENT + WAITS_FOR, value)
          return undefined
        default: {
          const one = whoIs(view, value)
          view.set(agent * WORDS_PER_AGENT + WAITS_FOR, 0)
          return one < 0 ? undefined : `T${agent} takes T${one} for dead, and it is alive`
        }
      }
    },
    maySleep(view, agent) {
      const whom = waitsFor(view, agent)
      return whoIs(view, whom) >= 0 || aWaiterDied(view, whom)
    },
    atRest(view) {
      for (let agent = 0; agent < view.agents; agent++) {
        const self = isNow(view, agent)
        if (self === 0 || view.isDead(agent)) continue
        if (!wordsSay(view, self)) return `T${agent} is alive, and its words do not say so`
      }
      for (let slot = 1; slot <= slots; slot++) {
        const word = view.shared.load(livenessOf(slot))
        if (isStuck(word)) return `slot ${slot} can never be used again`
        const owner = (word & FUTEX_TID_MASK) - FIRST_ID
        if (owner >= 0 && slotOf(isNow(view, owner)) !== slot) {
          return `T${owner} has slot ${slot}, and does not know it`
        }
      }
      return undefined
    },
    wordNames: NAMES,
    show: showNative,
  }
}

/** Answers which living agent has that identity; -1 if none has. */
function whoIs(view: View, self: number): number {
  for (let agent = 0; agent < view.agents; agent++) {
    if (isNow(view, agent) === self && !view.isDead(agent)) return agent
  }
  return -1
}

function wordsSay(view: View, self: number): boolean {
  const generation = view.shared.load(generationOf(slotOf(self)))
  return (generation & 1) === 1 && agentOf(slotOf(self), generation) === self
}

/**
 * Whether a waiter died. The kernel wakes one waiter on a death; if that waiter dies, those that watch it
 * must pass the death on.
 */
function aWaiterDied(view: View, whom: number): boolean {
  for (let agent = 0; agent < view.agents; agent++) {
    if (view.isDead(agent) && slotOf(waitsFor(view, agent)) === slotOf(whom)) return true
  }
  return false
}
