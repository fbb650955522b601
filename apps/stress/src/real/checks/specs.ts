/** The specifications of the primitives when one call follows the other. */
import type { Call } from '../history/call.ts'
import { MAX_TRACKS, type SemaphoreSpec } from '../program/program.ts'
import type { Spec } from './linearize.ts'

export const NOTHING: readonly never[] = []

export const agentOf = (track: number): number => Math.floor(track / MAX_TRACKS)

/** A lock belongs to a track, to nobody, or to somebody who died. */
export const NOBODY = -1
export const A_DEAD_ONE = -2

export const lockSpec: Spec<number> = {
  initial: NOBODY,
  key: String,
  next: {
    acquire: acquireLock,
    release: (owner, { track, result }) => {
      if (result === 'refused') return owner === track ? NOTHING : [owner]
      return owner === track ? [NOBODY] : NOTHING
    },
    look: (owner, { seen }) => (seen === Number(owner >= 0) ? [owner] : NOTHING),
    die: (owner, { agent }) => [owner >= 0 && agentOf(owner) === agent ? A_DEAD_ONE : owner],
  },
}

/** A track that acquires it after a dead owner is told so; nobody else is. */
export function acquireLock(owner: number, { result, track }: Call): readonly number[] {
  if (result === 'gave-up') return owner >= 0 ? [owner] : NOTHING
  const isFree = owner === NOBODY && result !== 'abandoned'
  const isAbandoned = owner === A_DEAD_ONE && result !== 'done'
  return isFree || isAbandoned ? [track] : NOTHING
}

interface Nested {
  readonly owner: number
  readonly depth: number
}

const UNNESTED: Nested = { owner: NOBODY, depth: 0 }

/** The owner may have it more than once, and knows how often: the arguments are levels. */
export const rlockSpec: Spec<Nested> = {
  initial: UNNESTED,
  key: ({ owner, depth }) => `${owner};${depth}`,
  next: {
    acquire(state, call) {
      const { owner, depth } = state
      const { track, argument, result } = call
      if (owner !== track) {
        if (argument !== 1) return NOTHING
        return acquireLock(owner, call).map((now) =>
          now === track ? { owner: now, depth: 1 } : state,
        )
      }
      return argument === depth + 1 && result !== 'gave-up' ? [{ owner, depth: argument }] : NOTHING
    },
    release(state, { track, argument, result }) {
      if (result === 'refused') return state.owner === track ? NOTHING : [state]
      if (state.owner !== track || argument !== state.depth) return NOTHING
      return [argument === 1 ? UNNESTED : { owner: track, depth: argument - 1 }]
    },
    look: (state, { seen }) => (seen === Number(state.owner >= 0) ? [state] : NOTHING),
    die: (state, { agent }) => [
      agentOf(state.owner) === agent ? { owner: A_DEAD_ONE, depth: 0 } : state,
    ],
  },
}

/** Permits that are only a number. */
export function countedSpec({ value, bounded }: SemaphoreSpec): Spec<number> {
  const limit = bounded ? value : 0x7fffffff
  return {
    initial: value,
    key: String,
    next: {
      acquire(free, { result }) {
        if (result === 'gave-up') return free === 0 ? [free] : NOTHING
        return free > 0 ? [free - 1] : NOTHING
      },
      release(free, { argument, result }) {
        const fits = argument <= limit - free
        if (result !== 'pending' && fits !== (result === 'done')) return NOTHING
        return [fits ? free + argument : free]
      },
      look: (free, { seen }) => (seen === free ? [free] : NOTHING),
      die: (free) => [free],
    },
  }
}

interface Owned {
  readonly free: number
  /** The permits of agents that died. */
  readonly abandoned: number
  /** The permits of each agent. */
  readonly held: ReadonlyMap<number, number>
}

/** Permits that belong to agents, and come back when they die. */
export function ownedSpec({ value }: SemaphoreSpec): Spec<Owned> {
  return {
    initial: { free: value, abandoned: 0, held: new Map() },
    key: ({ free, abandoned, held }) =>
      [free, abandoned, ...[...held].map(String).toSorted(alphabetically)].join(';'),
    next: {
      acquire(state, { agent, result }) {
        const { free, abandoned } = state
        if (result === 'gave-up') return free + abandoned === 0 ? [state] : NOTHING
        const held = changed(state, agent, 1)
        const after: Owned[] = []
        if (free > 0 && result !== 'abandoned') after.push({ free: free - 1, abandoned, held })
        if (abandoned > 0 && result !== 'done') after.push({ free, abandoned: abandoned - 1, held })
        return after
      },
      release(state, { agent }) {
        if (heldBy(state, agent) === 0) return NOTHING
        return [{ ...state, free: state.free + 1, held: changed(state, agent, -1) }]
      },
      look: (state, { seen }) => (seen === state.free + state.abandoned ? [state] : NOTHING),
      die(state, { agent }) {
        const his = heldBy(state, agent)
        return [{ ...state, abandoned: state.abandoned + his, held: changed(state, agent, -his) }]
      },
    },
  }
}

const alphabetically = (a: string, b: string): number => (a < b ? -1 : 1)

function heldBy({ held }: Owned, agent: number): number {
  return held.get(agent) ?? 0
}

function changed(state: Owned, agent: number, by: number): ReadonlyMap<number, number> {
  return new Map(state.held).set(agent, heldBy(state, agent) + by)
}

/**
 * A wait ends at a moment at which the event is set: also in the middle of a pulse. That a pulse releases
 * everyone who is asleep is checked by the rescuer, which sees who is asleep.
 */
export const eventSpec: Spec<boolean> = {
  initial: false,
  key: String,
  next: {
    set: () => [true],
    clear: () => [false],
    wait: (isSet, { result }) =>
      result === 'pending' || isSet === (result === 'done') ? [isSet] : NOTHING,
    look: (isSet, { seen }) => (seen === Number(isSet) ? [isSet] : NOTHING),
    die: (isSet) => [isSet],
  },
}
