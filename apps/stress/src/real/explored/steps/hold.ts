import type { Guard } from '@ipc/core'
import type { Lock } from '@ipc/lock'
import type { Semaphore } from '@ipc/semaphore'
import { after } from '../../agent/stage.ts'
import * as lock from '../../../subjects/exclusion.ts'
import * as semaphore from '../../../subjects/permits.ts'
import type { Operation } from '../../program/program.ts'
import { acquire, begins, did, work, type Stage } from '../stage.ts'

export const WAIT_CODES: readonly string[] = [
  `lock ${lock.ACQUIRES}`,
  `semaphore ${semaphore.ACQUIRES}`,
]
export const END_CODES: readonly string[] = [
  `lock ${lock.ACQUIRED}`,
  `lock ${lock.GAVE_UP}`,
  `semaphore ${semaphore.ACQUIRED}`,
  `semaphore ${semaphore.GAVE_UP}`,
]

export function hold(
  stage: Stage,
  operation: Extract<Operation, { do: 'hold' | 'take' }>,
  object: Lock | Semaphore,
): Promise<void> | undefined {
  const { form, object: index } = operation
  const codes = stage.parts[index]!.spec.kind === 'lock' ? lock : semaphore
  begins(stage, index, codes.ACQUIRES)
  return after<Guard | null>(acquire(stage, form, object), (guard) => {
    if (guard === null) return did(stage, index, codes.GAVE_UP)
    did(stage, index, codes.ACQUIRED, Number(guard.abandoned))
    if (operation.do === 'take') return undefined
    const release = (): void => giveBack(stage, index, codes, 1, () => guard.release())
    return after(work(stage, form, operation.work), release)
  })
}

export function give(
  stage: Stage,
  { object: index, count }: Extract<Operation, { do: 'give' }>,
  object: Semaphore,
): undefined {
  giveBack(stage, index, semaphore, count, () => object.release(count))
}

/** Releases permits; this is refused when a bounded semaphore would have too many. */
function giveBack(
  stage: Stage,
  index: number,
  codes: { readonly RELEASES: number; readonly RELEASED: number },
  count: number,
  release: () => void,
): void {
  begins(stage, index, codes.RELEASES, count)
  try {
    release()
  } catch (error) {
    if (error instanceof RangeError) return
    throw error
  }
  did(stage, index, codes.RELEASED, count)
}
