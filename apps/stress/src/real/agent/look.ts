import { RWLock } from '@ipc/lock'
import type { Shared } from './kinds.ts'
import { Supply } from './supply.ts'

/**
 * The state of an object at one moment, as a number. An RWLock or a Condition shows it only when nobody
 * moves.
 */
export function stateOf(object: Shared): number {
  if (object instanceof RWLock) {
    const { writer, readers } = object.inspect()
    return writer?.alive === true ? WRITTEN : Number(readers.length > 0)
  }
  if (object instanceof Supply) return object.changed.inspect().waiting
  if ('value' in object) return object.value
  if ('broken' in object) return Number(object.broken)
  return Number('locked' in object ? object.locked : object.isSet)
}

/** The number of an RWLock that somebody holds for writing. */
export const WRITTEN = 2
