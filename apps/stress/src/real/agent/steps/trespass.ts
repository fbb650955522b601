import { RWLock, type Lock, type RLock } from '@ipc/lock'
import type { Operation } from '../../program/program.ts'
import type { Stage } from '../stage.ts'

/** Releases something that it does not hold; the call is recorded as refused if it was refused. */
export function trespass(
  stage: Stage,
  { object, side }: Extract<Operation, { do: 'trespass' }>,
  lock: Lock | RLock | RWLock,
): undefined {
  const at = stage.begin(side === 'reader' ? 'unshare' : 'release', object)
  const target = lock instanceof RWLock ? lock[side] : lock
  try {
    target.release()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_IPC_NOT_OWNER') throw error
    stage.end(at, 'refused')
    return
  }
  stage.end(at, 'done')
}
