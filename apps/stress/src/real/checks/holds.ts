import type { Call } from '../history/call.ts'
import type { ObjectSpec } from '../program/program.ts'
import type { Violation } from './violation.ts'

/**
 * Checks that there are never more holders at once than may be. A hold lasts for certain from the return of
 * its acquire to the call of its release; holders that died inside are left out. Readers share, and exclude
 * only writers. This is a quick check that gives clear messages: the search for an order that explains the
 * history finds the same faults, and more.
 */
export function checkHolds(
  calls: readonly Call[],
  object: number,
  spec: ObjectSpec,
): Violation | null {
  const most = mostHolders(spec)
  if (most === null) return null
  const changes = holdsOf(calls)
    .flatMap((hold) => [
      { at: hold.from.end, hold, change: 1 },
      { at: hold.to, hold, change: -1 },
    ])
    .toSorted((a, b) => a.at - b.at)
  const inside = new Set<Hold>()
  for (const { hold, change } of changes) {
    if (change < 0) inside.delete(hold)
    else inside.add(hold)
    const isShared = [...inside].every(({ from }) => from.what === 'share')
    if (inside.size <= most || isShared) continue
    const law = spec.kind === 'semaphore' ? 'permits' : 'mutual exclusion'
    const text = `${inside.size} hold it at once, at most ${most} may${spec.kind === 'rwlock' ? ', or readers alone' : ''}`
    return { law, object, text, calls: [...inside].map(({ from }) => from) }
  }
  return null
}

interface Hold {
  readonly from: Call
  readonly to: number
}

/**
 * Anyone may give permits that are only a number, so only the search for an order knows how many there are.
 */
function mostHolders(spec: ObjectSpec): number | null {
  if (spec.kind === 'semaphore') return spec.undo ? spec.value : null
  return spec.kind === 'lock' || spec.kind === 'rlock' || spec.kind === 'rwlock' ? 1 : null
}

/** A hold of a lock that a track has more than once lasts from the first level to the last. */
function holdsOf(calls: readonly Call[]): Hold[] {
  const open = new Map<number, Call[]>()
  const holds: Hold[] = []
  for (const call of calls) {
    const { what, result, track, begin } = call
    const levels = open.get(track) ?? []
    if (isTaken(call)) open.set(track, [...levels, call])
    else if ((what === 'release' || what === 'unshare') && result !== 'refused') {
      const from = levels[0]
      if (levels.length === 1 && from !== undefined) holds.push({ from, to: begin })
      open.set(track, levels.slice(0, -1))
    }
  }
  return holds
}

function isTaken({ what, result }: Call): boolean {
  return (what === 'acquire' || what === 'share') && (result === 'done' || result === 'abandoned')
}
