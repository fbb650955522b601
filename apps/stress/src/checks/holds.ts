import type { Call } from '../history/call.ts'
import type { ObjectSpec } from '../program/program.ts'
import type { Violation } from './violation.ts'

/**
 * Never more holders at once than may be. A hold lasts for certain from the return of its acquire to
 * the call of its release; one who died inside is left out. A quick look that gives clear messages: that no order explains a history says the same, and more.
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
    if (inside.size <= most) continue
    const law = spec.kind === 'lock' ? 'mutual exclusion' : 'permits'
    const text = `${inside.size} hold it at once, at most ${most} may`
    return { law, object, text, calls: [...inside].map(({ from }) => from) }
  }
  return null
}

interface Hold {
  readonly from: Call
  readonly to: number
}

/** Of permits that are only a number, anyone may give some: how many there are, the search knows. */
function mostHolders(spec: ObjectSpec): number | null {
  if (spec.kind === 'lock') return 1
  return spec.kind === 'semaphore' && spec.undo ? spec.value : null
}

function holdsOf(calls: readonly Call[]): Hold[] {
  const open = new Map<number, Call>()
  const holds: Hold[] = []
  for (const call of calls) {
    const from = open.get(call.track)
    if (call.what === 'acquire' && (call.result === 'done' || call.result === 'abandoned')) {
      open.set(call.track, call)
    } else if (call.what === 'release' && from !== undefined) {
      holds.push({ from, to: call.begin })
      open.delete(call.track)
    }
  }
  return holds
}
