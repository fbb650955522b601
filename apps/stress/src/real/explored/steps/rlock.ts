import type { RLock } from '@ipc/lock'
import * as lock from '../../../subjects/exclusion.ts'
import { SEES_DEPTH, seesDepth } from '../../../subjects/rlock.ts'
import type { Operation } from '../../program/program.ts'
import { acquireNow, begins, did, type Stage } from '../stage.ts'

export const WAIT_CODES: readonly string[] = [`rlock ${lock.ACQUIRES}`]
export const END_CODES: readonly string[] = [`rlock ${lock.ACQUIRED}`, `rlock ${lock.GAVE_UP}`]

/** Reads after each level how often it has the lock. */
export function nest(
  stage: Stage,
  { object: index, form, times }: Extract<Operation, { do: 'nest' }>,
  it: RLock,
): undefined {
  const see = (): void => did(stage, index, SEES_DEPTH, seesDepth(it.depth, guards.length))
  begins(stage, index, lock.ACQUIRES)
  const first = acquireNow(stage, form, it)
  if (first === null) {
    did(stage, index, lock.GAVE_UP)
    return
  }
  did(stage, index, lock.ACQUIRED, Number(first.abandoned))
  const guards = [first]
  see()
  while (guards.length < times) {
    guards.push(it.acquire())
    see()
  }
  while (guards.length > 1) {
    guards.shift()!.release()
    see()
  }
  begins(stage, index, lock.RELEASES)
  guards[0]!.release()
  did(stage, index, lock.RELEASED)
}
