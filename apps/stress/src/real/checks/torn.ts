import { COUNTER, type Arena } from '../history/arena.ts'
import type { Call } from '../history/call.ts'
import type { Violation } from './violation.ts'

/**
 * Checks the counter that the owners of a lock, or its writers, increment: it is never torn, and it was
 * incremented as often as they were inside, once for all levels of an RLock. An owner that waits for a
 * condition leaves, and comes back. If an owner died inside, nobody knows whether it had incremented the
 * counter.
 */
export function checkCounter(
  arena: Arena,
  calls: readonly Call[],
  object: number,
): Violation | null {
  const word = (offset: number): number => arena.words[arena.counter(object) + offset]!
  const law = 'mutual exclusion'
  const torn = word(COUNTER.torn)
  if (torn > 0) {
    const text = `two were inside at once: ${torn} times the counter was torn or lost an increment`
    return { law, object, text, calls: [] }
  }
  const left = calls.filter(
    ({ what, argument, result }) =>
      (what === 'release' && argument === 1 && result === 'done') || what === 'wait',
  ).length
  const entered = calls.filter(
    ({ what, argument, result }) =>
      (what === 'acquire' && argument === 1 && (result === 'done' || result === 'abandoned')) ||
      (what === 'wait' && result !== 'pending'),
  ).length
  const counted = word(COUNTER.first)
  if (counted >= left && counted <= entered) return null
  const text = `${left} to ${entered} critical sections incremented the counter to ${counted}`
  return { law, object, text, calls: [] }
}
