import type { Guard } from '@ipc/core'
import { RLock, type Lock } from '@ipc/lock'
import { after } from '../../agent/stage.ts'
import { ALL_FROM, DEPTH } from '../../agent/steps/supply.ts'
import type { Supply } from '../../agent/supply.ts'
import * as condition from '../../../subjects/condition.ts'
import { isAsync, type Form, type Operation } from '../../program/program.ts'
import { UNTOLD } from '../monitor.ts'
import { acquire, begins, did, TIMEOUT, unlessAborted, work, type Stage } from '../stage.ts'

/** The monitor of a condition is not told these codes: it reads the lock's words. */
const ACQUIRES = UNTOLD
const HAS_ACQUIRED = UNTOLD + 1

export const WAIT_CODES: readonly string[] = [
  `condition ${ACQUIRES}`,
  `condition ${condition.WAITS}`,
]
export const END_CODES: readonly string[] = [
  `condition ${HAS_ACQUIRED}`,
  `condition ${condition.WOKEN}`,
  `condition ${condition.TIMED_OUT}`,
]

/** This is more than can wait. */
const ALL = 8

export function produce(
  stage: Stage,
  { object: index, form, count, work: kind }: Extract<Operation, { do: 'produce' }>,
  { lock, changed }: Supply,
): Promise<void> | undefined {
  return locked(stage, index, form, lock, (guard) => {
    stage.agent.memory.add(itemsOf(stage, index), count)
    return after(work(stage, form, kind), () => {
      const isAll = count >= ALL_FROM
      begins(stage, index, condition.NOTIFIES, isAll ? ALL : count)
      if (isAll) changed.notifyAll()
      else changed.notify(count)
      guard.release()
    })
  })
}

export function consume(
  stage: Stage,
  { object: index, form, work: kind }: Extract<Operation, { do: 'consume' }>,
  supply: Supply,
): Promise<void> | undefined {
  const { lock } = supply
  const patient: Form = { how: isAsync(form) ? 'async' : 'block', ms: 0 }
  return locked(stage, index, patient, lock, (guard) => {
    const more =
      lock instanceof RLock ? Array.from({ length: DEPTH - 1 }, () => lock.acquire()) : []
    return after<void>(waitForItem(stage, index, form, supply, guard), () => {
      const items = itemsOf(stage, index)
      const { memory } = stage.agent
      if (memory.load(items) > 0) memory.sub(items, 1)
      return after(work(stage, form, kind), () => {
        for (const again of more) again.release()
        guard.release()
      })
    })
  })
}

function locked(
  stage: Stage,
  index: number,
  form: Form,
  lock: Lock | RLock,
  use: (guard: Guard) => Promise<void> | undefined,
): Promise<void> | undefined {
  begins(stage, index, ACQUIRES)
  return after<Guard | null>(acquire(stage, form, lock as Lock), (guard) => {
    did(stage, index, HAS_ACQUIRED)
    return guard === null ? undefined : use(guard)
  })
}

function waitForItem(
  stage: Stage,
  index: number,
  form: Form,
  supply: Supply,
  guard: Guard,
): Promise<void> | undefined {
  if (stage.agent.memory.load(itemsOf(stage, index)) > 0 || guard.abandoned) return undefined
  begins(stage, index, condition.WAITS)
  return after<boolean | null>(waitOnce(stage, form, supply, guard), (isWoken) => {
    did(stage, index, isWoken ? condition.WOKEN : condition.TIMED_OUT, Number(guard.abandoned))
    const { lock } = supply
    if (lock instanceof RLock && lock.depth !== DEPTH) {
      did(stage, index, condition.WRONG_DEPTH, lock.depth)
    }
    return isWoken ? waitForItem(stage, index, form, supply, guard) : undefined
  })
}

function waitOnce(
  { agent, loop }: Stage,
  form: Form,
  { changed }: Supply,
  guard: Guard,
): boolean | Promise<boolean | null> {
  if (!isAsync(form)) {
    if (form.how === 'block') return changed.wait(guard)
    return form.how === 'try'
      ? changed.tryWait(guard)
      : agent.timed(() => changed.tryWait(guard, TIMEOUT))
  }
  if (form.how === 'async') return changed.waitAsync(guard)
  if (form.how === 'tryAsync') return changed.tryWaitAsync(guard, TIMEOUT)
  return changed.waitAsync(guard, { signal: loop!.signal() }).catch(unlessAborted)
}

/** The number of items is the last word of its object. */
function itemsOf({ parts }: Stage, index: number): number {
  const { base, words } = parts[index]!
  return base + words - 1
}
