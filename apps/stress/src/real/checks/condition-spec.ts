/** The specification of a Condition and its lock when one call follows the other. A wait is two calls. */
import type { Call } from '../history/call.ts'
import type { Spec } from './linearize.ts'
import { A_DEAD_ONE, acquireLock, agentOf, NOBODY, NOTHING } from './specs.ts'

interface Waiting {
  /** A track, NOBODY, or A_DEAD_ONE. */
  readonly owner: number
  /** The tracks that wait, oldest first. */
  readonly asleep: readonly number[]
  /** The tracks that were notified and have not acquired the lock again. */
  readonly notified: ReadonlySet<number>
  /** Whether an owner died, or a track that was notified: from then on anyone may be woken. */
  readonly hasDied: boolean
}

export const conditionSpec: Spec<Waiting> = {
  initial: { owner: NOBODY, asleep: [], notified: new Set(), hasDied: false },
  key: ({ owner, asleep, notified, hasDied }) =>
    [owner, hasDied, ...asleep, '/', ...[...notified].map(String).toSorted()].join(';'),
  next: {
    acquire: (state, call) => acquireLock(state.owner, call).map((owner) => ({ ...state, owner })),
    release: (state, { track }) =>
      state.owner === track ? [{ ...state, owner: NOBODY }] : NOTHING,
    wait: (state, { track }) =>
      state.owner === track
        ? [{ ...state, owner: NOBODY, asleep: [...state.asleep, track] }]
        : NOTHING,
    return: takeBack,
    notify: (state, { track, argument }) =>
      state.owner === track ? [notifyOldest(state, argument)] : NOTHING,
    look: (state, { seen }) => (seen === state.asleep.length ? [state] : NOTHING),
    die: (state, { agent }) => [withoutDead(state, agent)],
  },
}

/**
 * A track that is notified when its time is over was woken; one that is notified and aborted passes the wake
 * on.
 */
function takeBack(state: Waiting, { track, result }: Call): readonly Waiting[] {
  if (state.owner >= 0) return NOTHING
  const isTold = state.owner === A_DEAD_ONE
  if ((result === 'done' && isTold) || (result === 'abandoned' && !isTold)) return NOTHING
  const wasNotified = state.notified.has(track)
  if (result === 'gave-up' && wasNotified) return NOTHING
  const isWoken = result === 'done' || result === 'abandoned'
  if (isWoken && !wasNotified && !state.hasDied) return NOTHING
  const back = { ...without(state, (each) => each === track), owner: track }
  return [result === 'aborted' && wasNotified ? notifyOldest(back, 1) : back]
}

function notifyOldest(state: Waiting, count: number): Waiting {
  const notified = new Set([...state.notified, ...state.asleep.slice(0, count)])
  return { ...state, asleep: state.asleep.slice(count), notified }
}

function without(state: Waiting, leaves: (track: number) => boolean): Waiting {
  return {
    ...state,
    asleep: state.asleep.filter((track) => !leaves(track)),
    notified: new Set([...state.notified].filter((track) => !leaves(track))),
  }
}

function withoutDead(state: Waiting, agent: number): Waiting {
  const isDead = (track: number): boolean => track >= 0 && agentOf(track) === agent
  const owned = isDead(state.owner)
  return {
    ...without(state, isDead),
    owner: owned ? A_DEAD_ONE : state.owner,
    hasDied: state.hasDied || owned || [...state.notified].some(isDead),
  }
}
