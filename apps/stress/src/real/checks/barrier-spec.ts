/**
 * The specification of a Barrier when one call follows the other. A wait is two calls: it comes, and it
 * returns.
 */
import type { Call } from '../history/call.ts'
import type { BarrierSpec } from '../program/program.ts'
import type { Spec } from './linearize.ts'
import { agentOf, NOTHING } from './specs.ts'

interface Round {
  readonly phase: 'filling' | 'passing' | 'broken' | 'resetting'
  /** Whether the next round begins broken. */
  readonly isAborted: boolean
  /** How many tracks have come, including those that died since. */
  readonly came: number
  /** The tracks that have not left, and the order in which they came. */
  readonly inside: ReadonlyMap<number, number>
  /** The tracks that came to a broken barrier, or did not come at all, and so throw. */
  readonly outside: ReadonlySet<number>
}

const EMPTY: Round = {
  phase: 'filling',
  isAborted: false,
  came: 0,
  inside: new Map(),
  outside: new Set(),
}

export function barrierSpec({ parties }: BarrierSpec): Spec<Round> {
  return {
    initial: EMPTY,
    key: ({ phase, isAborted, came, inside, outside }) =>
      [
        phase,
        isAborted,
        came,
        ...[...inside].map(String).toSorted(),
        '/',
        ...[...outside].map(String).toSorted(),
      ].join(';'),
    next: {
      wait(state, call) {
        const { track, result, seen } = call
        const passes = result === 'saw'
        const throws = !passes && result !== 'pending'
        const isBroken = state.phase === 'broken' || state.isAborted
        const after: Round[] = []
        if (!passes && (isBroken || mayGiveUp(call))) after.push(stayingOutside(state, track))
        const isOpen = state.phase === 'filling' && state.came < parties
        if (!isOpen || (passes && seen !== state.came)) return after
        const came = state.came + 1
        const inside = new Map(state.inside).set(track, state.came)
        const isFull = came === parties
        if (isFull && !throws) after.push({ ...state, came, inside, phase: 'passing' })
        // The last track to come may also be interrupted, for example by a reset, before it lets the others
        // pass.
        if (!isFull || !passes) after.push({ ...state, came, inside })
        return after
      },
      return(state, call) {
        const { track, result, seen } = call
        if (state.outside.has(track)) {
          const outside = new Set(state.outside)
          outside.delete(track)
          return result === 'saw' ? NOTHING : [{ ...state, outside }]
        }
        const index = state.inside.get(track)
        if (index === undefined) return NOTHING
        const left = withoutTracks(state, (each) => each === track)
        if (state.phase === 'passing') {
          const isRight = result === 'pending' || (result === 'saw' && seen === index)
          return isRight ? [left] : NOTHING
        }
        if (result === 'saw') return NOTHING
        if (state.phase !== 'filling') return [left]
        return mayGiveUp(call) ? [{ ...left, phase: 'broken' }] : NOTHING
      },
      abort(state) {
        if (state.phase === 'filling') return [{ ...state, phase: 'broken' }]
        return [state.phase === 'broken' ? state : { ...state, isAborted: true }]
      },
      reset(state) {
        if (state.phase === 'filling' && state.came === 0) return [state]
        const phase = state.phase === 'passing' ? 'passing' : 'resetting'
        return [unlessEmpty({ ...state, phase, isAborted: false })]
      },
      look: (state, { seen }) =>
        seen === Number(state.phase === 'broken' || state.isAborted) ? [state] : NOTHING,
      die: (state, { agent }) => [withoutDead(state, agent)],
    },
  }
}

/** Whether the call has a time-out or an abort of its own, which breaks the round that it is in. */
function mayGiveUp({ argument }: Call): boolean {
  return argument === 0
}

function stayingOutside(state: Round, track: number): Round {
  return { ...state, outside: new Set(state.outside).add(track) }
}

/** An agent that dies inside while others must still come breaks the round. */
function withoutDead(state: Round, agent: number): Round {
  const isDead = (track: number): boolean => agentOf(track) === agent
  const wasInside = [...state.inside.keys()].some(isDead)
  const outside = new Set([...state.outside].filter((track) => !isDead(track)))
  const left = withoutTracks({ ...state, outside }, isDead)
  return wasInside && state.phase === 'filling' ? { ...left, phase: 'broken' } : left
}

function withoutTracks(state: Round, leaves: (track: number) => boolean): Round {
  const inside = new Map([...state.inside].filter(([track]) => !leaves(track)))
  return unlessEmpty({ ...state, inside })
}

/** When all have left a round that is over, the next one begins. */
function unlessEmpty(state: Round): Round {
  const isOver = state.phase === 'passing' || state.phase === 'resetting'
  if (!isOver || state.inside.size > 0) return state
  return { ...EMPTY, outside: state.outside, phase: state.isAborted ? 'broken' : 'filling' }
}
