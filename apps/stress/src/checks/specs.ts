/** What the primitives are when one call follows the other. */
import type { Call } from '../history/call.ts'
import type { SemaphoreSpec } from '../program/program.ts'
import type { Spec } from './linearize.ts'

const NOTHING: readonly never[] = []

/** Who has it: a track, nobody, or somebody who died. */
export const NOBODY = -1
export const A_DEAD_ONE = -2

export const lockSpec: Spec<number> = {
  initial: NOBODY,
  key: String,
  next(owner, call) {
    switch (call.what) {
      case 'acquire':
        return acquireLock(owner, call)
      case 'release':
        return owner === call.track ? [NOBODY] : NOTHING
      case 'die':
        return [owner >= 0 && agentOf(owner) === call.agent ? A_DEAD_ONE : owner]
      case 'look':
        return call.seen === Number(owner >= 0) ? [owner] : NOTHING
      default:
        return NOTHING
    }
  },
}

/** Whoever takes it from a dead owner is told so; nobody else is. */
function acquireLock(owner: number, { result, track }: Call): readonly number[] {
  if (result === 'gave-up') return owner >= 0 ? [owner] : NOTHING
  const isFree = owner === NOBODY && result !== 'abandoned'
  const isAbandoned = owner === A_DEAD_ONE && result !== 'done'
  return isFree || isAbandoned ? [track] : NOTHING
}

const TRACKS_OF_AN_AGENT = 4
const agentOf = (track: number): number => Math.floor(track / TRACKS_OF_AN_AGENT)

/** Permits that are only a number. */
export function countedSpec({ value, bounded }: SemaphoreSpec): Spec<number> {
  const limit = bounded ? value : 0x7fffffff
  return {
    initial: value,
    key: String,
    next(free, { what, argument, result, seen }) {
      switch (what) {
        case 'acquire':
          if (result === 'gave-up') return free === 0 ? [free] : NOTHING
          return free > 0 ? [free - 1] : NOTHING
        case 'release': {
          const fits = argument <= limit - free
          if (result === 'pending') return [fits ? free + argument : free]
          if (fits !== (result === 'done')) return NOTHING
          return [fits ? free + argument : free]
        }
        case 'look':
          return seen === free ? [free] : NOTHING
        case 'die':
          return [free]
        default:
          return NOTHING
      }
    },
  }
}

interface Owned {
  readonly free: number
  /** Of agents that died. */
  readonly abandoned: number
  /** By agent. */
  readonly held: ReadonlyMap<number, number>
}

/** Permits that belong to agents, and come back when they die. */
export function ownedSpec({ value }: SemaphoreSpec): Spec<Owned> {
  return {
    initial: { free: value, abandoned: 0, held: new Map() },
    key: ({ free, abandoned, held }) => [free, abandoned, ...[...held].toSorted()].join(';'),
    next(state, { what, agent, result, seen }) {
      const { free, abandoned, held } = state
      const mine = held.get(agent) ?? 0
      switch (what) {
        case 'acquire': {
          if (result === 'gave-up') return free + abandoned === 0 ? [state] : NOTHING
          const more = new Map(held).set(agent, mine + 1)
          return [
            ...(free > 0 && result !== 'abandoned'
              ? [{ free: free - 1, abandoned, held: more }]
              : NOTHING),
            ...(abandoned > 0 && result !== 'done'
              ? [{ free, abandoned: abandoned - 1, held: more }]
              : NOTHING),
          ]
        }
        case 'release':
          if (mine === 0) return NOTHING
          return [{ free: free + 1, abandoned, held: new Map(held).set(agent, mine - 1) }]
        case 'die':
          return [{ free, abandoned: abandoned + mine, held: new Map(held).set(agent, 0) }]
        case 'look':
          return seen === free + abandoned ? [state] : NOTHING
        default:
          return NOTHING
      }
    },
  }
}

/**
 * A wait is over at a moment at which the event is set: also in the middle of a pulse. That a pulse
 * releases all who are asleep is seen by the rescuer, which sees who is.
 */
export const eventSpec: Spec<boolean> = {
  initial: false,
  key: String,
  next(isSet, { what, result, seen }) {
    switch (what) {
      case 'set':
        return [true]
      case 'clear':
        return [false]
      case 'wait':
        if (result === 'pending') return [isSet]
        return isSet === (result === 'done') ? [isSet] : NOTHING
      case 'look':
        return seen === Number(isSet) ? [isSet] : NOTHING
      case 'die':
        return [isSet]
      default:
        return NOTHING
    }
  },
}
