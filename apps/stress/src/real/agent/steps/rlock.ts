import type { Guard } from '@ipc/core'
import type { RLock } from '@ipc/lock'
import type { Operation } from '../../program/program.ts'
import type { Stage } from '../stage.ts'
import { CriticalSection, work } from './critical-section.ts'
import { acquireNow } from './form.ts'
import { kindOf } from './hold.ts'

/**
 * Takes the lock a number of times, and gives the oldest hold back before the newest. Each call is recorded
 * with the depth that the owner has seen; an acquire is recorded with one more, as that is its level.
 */
export function nest(
  stage: Stage,
  { object, form, times, work: kind }: Extract<Operation, { do: 'nest' }>,
  lock: RLock,
): undefined {
  const guards: Guard[] = []
  const section = new CriticalSection(stage.arena, object)
  for (let level = 1; level <= times; level++) {
    const at = stage.begin('acquire', object, level === 1 ? 1 : lock.depth + 1)
    const guard = acquireNow(lock, form)
    stage.end(at, guard === null ? 'gave-up' : kindOf(guard))
    if (guard === null) break
    if (level === 1) section.enter(guard.abandoned)
    guards.push(guard)
  }
  if (guards.length === 0) return
  stage.inside()
  void work(kind, false)
  for (const guard of guards) {
    if (guard === guards.at(-1)) section.leave()
    const at = stage.begin('release', object, lock.depth)
    guard.release()
    stage.end(at, 'done')
  }
}
