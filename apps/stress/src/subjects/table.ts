import { agents } from './agents.ts'
import { barrierOf } from './barrier.ts'
import { condition, conditionOfRLock } from './condition.ts'
import { counted } from './counted.ts'
import { event } from './event.ts'
import { lock } from './lock.ts'
import { openedEvent } from './opened-event.ts'
import { openedLocks } from './opened-locks.ts'
import { openedPermits } from './opened-permits.ts'
import { openers } from './openers.ts'
import { owned } from './owned.ts'
import { parker } from './parker.ts'
import { rlock } from './rlock.ts'
import { rwlock } from './rwlock.ts'
import type { Subject } from './subject.ts'
import { weblocks } from './weblocks.ts'

/** For each primitive, the subjects as which it is explored. */
export const SUBJECTS: ReadonlyMap<string, readonly Subject[]> = new Map([
  ['lock', [lock]],
  ['rlock', [rlock]],
  ['semaphore', [counted(0), counted(1), counted(2)]],
  ['bounded', [counted(1, true), counted(2, true)]],
  ['undo', [owned(1), owned(2)]],
  ['event', [event]],
  ['rwlock', [rwlock]],
  ['barrier', [barrierOf(2), barrierOf(3)]],
  ['condition', [condition, conditionOfRLock]],
  ['agents', [agents(1), agents(2)]],
  ['openers', [openers, openedEvent, openedLocks, openedPermits]],
  ['parker', [parker]],
  ['weblocks', weblocks],
])

/** Finds a subject by its name; answers undefined if there is none. */
export function subjectOf(name: string): Subject | undefined {
  return [...SUBJECTS.values()].flat().find((subject) => subject.name === name)
}
