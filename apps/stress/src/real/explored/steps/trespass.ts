import { RWLock, type Lock, type RLock } from '@ipc/lock'
import type { Operation } from '../../program/program.ts'

/** @throws Error when the release was not refused, which the explorer finds */
export function trespass(
  { side }: Extract<Operation, { do: 'trespass' }>,
  lock: Lock | RLock | RWLock,
): undefined {
  const target = lock instanceof RWLock ? lock[side] : lock
  try {
    target.release()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_IPC_NOT_OWNER') return
    throw error
  }
  throw new Error('it released what it did not have')
}
