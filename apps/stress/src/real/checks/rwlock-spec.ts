/** The specification of an RWLock when one call follows the other. */
import { WRITTEN } from '../agent/look.ts'
import type { Call } from '../history/call.ts'
import type { Spec } from './linearize.ts'
import { A_DEAD_ONE, agentOf, NOBODY, NOTHING } from './specs.ts'

interface Shared {
  /** The track that has it for writing. */
  readonly writer: number
  /** How many shares each track has. */
  readonly shares: ReadonlyMap<number, number>
  /**
   * The agent that is inside as a writer, or was told that one died and has not left: if it dies, the next to
   * come is told.
   */
  readonly witness: number
  /** Whether a writer died inside, and the track that was told has not yet repaired what it wrote. */
  readonly isDirty: boolean
  /** The track that was told, and repairs it before it leaves. */
  readonly repairer: number
}

export const rwlockSpec: Spec<Shared> = {
  initial: {
    writer: NOBODY,
    shares: new Map(),
    witness: NOBODY,
    isDirty: false,
    repairer: NOBODY,
  },
  key: ({ writer, shares, witness, isDirty, repairer }) =>
    [writer, witness, isDirty, repairer, ...[...shares].map(String).toSorted()].join(';'),
  next: {
    acquire(state, call) {
      const isFree = state.writer === NOBODY && state.shares.size === 0
      if (call.result === 'gave-up') return isFree ? NOTHING : [state]
      if (!isFree) return NOTHING
      const { agent, track } = call
      return told(state, call).map((now) => ({ ...now, writer: track, witness: agent }))
    },
    release(state, { track, result }) {
      if (result === 'refused') return state.writer === track ? NOTHING : [state]
      if (state.writer !== track) return NOTHING
      return [{ ...repaired(state, track), writer: NOBODY, witness: NOBODY }]
    },
    share(state, call) {
      const { agent, track, result } = call
      if (sharesOf(state, agent) > 0) return isLetIn(call) ? [changed(state, track, 1)] : NOTHING
      if (result === 'gave-up') return state.writer === NOBODY ? NOTHING : [state]
      if (state.writer !== NOBODY) return NOTHING
      return told(state, call).map((now) => changed(now, track, 1))
    },
    unshare(state, { agent, track, result }) {
      const has = state.shares.has(track)
      if (result === 'refused') return has ? NOTHING : [state]
      if (!has) return NOTHING
      const left = changed(repaired(state, track), track, -1)
      const hasLeft = left.witness === agent && sharesOf(left, agent) === 0
      return [hasLeft ? { ...left, witness: NOBODY } : left]
    },
    read: (state, { seen, result }) =>
      result === 'pending' || seen === 0 || state.isDirty ? [state] : NOTHING,
    look(state, { seen }) {
      const now = state.writer === NOBODY ? Number(state.shares.size > 0) : WRITTEN
      return seen === now ? [state] : NOTHING
    },
    die: (state, { agent }) => [withoutDead(state, agent)],
  },
}

/** An agent that already reads is let in again at once, and is told nothing. */
function isLetIn({ result }: Call): boolean {
  return result === 'done' || result === 'pending'
}

/** The first to come after a dead writer is told so, and nobody else is. */
function told(state: Shared, { result, track, agent }: Call): readonly Shared[] {
  const mustBe = state.witness === A_DEAD_ONE
  if (result !== 'pending' && mustBe !== (result === 'abandoned')) return NOTHING
  return [mustBe ? { ...state, witness: agent, repairer: track } : state]
}

function repaired(state: Shared, track: number): Shared {
  return state.repairer === track ? { ...state, isDirty: false, repairer: NOBODY } : state
}

function sharesOf({ shares }: Shared, agent: number): number {
  let sum = 0
  for (const [track, count] of shares) if (agentOf(track) === agent) sum += count
  return sum
}

function changed(state: Shared, track: number, by: number): Shared {
  const shares = new Map(state.shares)
  const count = (shares.get(track) ?? 0) + by
  if (count === 0) shares.delete(track)
  else shares.set(track, count)
  return { ...state, shares }
}

function withoutDead(state: Shared, agent: number): Shared {
  const wrote = state.writer !== NOBODY && agentOf(state.writer) === agent
  return {
    writer: wrote ? NOBODY : state.writer,
    shares: new Map([...state.shares].filter(([track]) => agentOf(track) !== agent)),
    witness: state.witness === agent ? A_DEAD_ONE : state.witness,
    isDirty: state.isDirty || wrote,
    repairer: agentOf(state.repairer) === agent ? NOBODY : state.repairer,
  }
}
