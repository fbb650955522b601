import type { Guard } from '@ipc/core'
import type { RWLock } from '@ipc/lock'
import { after } from '../../agent/stage.ts'
import * as rwlock from '../../../subjects/rwlock.ts'
import type { Operation } from '../../program/program.ts'
import { acquire, begins, did, work, type Stage } from '../stage.ts'

export const WAIT_CODES: readonly string[] = [`rwlock ${rwlock.TAKES}`]
export const END_CODES: readonly string[] = [`rwlock ${rwlock.HAS}`, `rwlock ${rwlock.GAVE_UP}`]

/** Acquires it to read or to write. The monitor knows only of a thread's first share. */
export function hold(
  stage: Stage,
  operation: Extract<Operation, { do: 'read' | 'write' }>,
  it: RWLock,
): Promise<void> | undefined {
  const { object: index, form } = operation
  const writes = operation.do === 'write'
  const side = writes ? it.writer : it.reader
  const flag = writes ? rwlock.WRITES : 0
  begins(stage, index, rwlock.TAKES, flag)
  return after<Guard | null>(acquire(stage, form, side), (guard) => {
    if (guard === null) return did(stage, index, rwlock.GAVE_UP)
    did(stage, index, rwlock.HAS, flag | (guard.abandoned ? rwlock.TOLD : 0))
    const inner = operation.do === 'read' ? operation.times - 1 : 0
    const shares = Array.from({ length: inner }, () => it.reader.acquire())
    return after(work(stage, form, operation.work), () => {
      for (const share of shares) share.release()
      begins(stage, index, rwlock.RELEASES, flag)
      guard.release()
      did(stage, index, rwlock.RELEASED, flag)
    })
  })
}
