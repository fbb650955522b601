import { RWLock } from '@ipc/lock'
import type { Shared } from './kinds.ts'
import { Supply } from './supply.ts'

/** What can be seen of an object at one moment, as a number. Of an RWLock or a Condition only when nobody moves. */
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

/** An RWLock that somebody has to write. */
export const WRITTEN = 2
