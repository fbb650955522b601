import type { Guard } from '@ipc/core'
import type { Lock } from '@ipc/lock'
import type { Semaphore } from '@ipc/semaphore'
import type { What } from '../../history/call.ts'
import { isAsync, type Form, type Hold, type Operation } from '../../program/program.ts'
import { after, type Stage } from '../stage.ts'
import { CriticalSection, work } from './critical-section.ts'
import { ABORTED, acquire, type Acquirable } from './form.ts'

/** Takes a lock, or a permit, and gives it back. */
export function hold(
  stage: Stage,
  { object, form, work: kind }: Hold,
  from: Lock | Semaphore,
): Promise<void> | undefined {
  return taking(stage, 'acquire', object, from, form, (guard) => {
    const section = 'locked' in from ? new CriticalSection(stage.arena, object) : undefined
    section?.enter(guard.abandoned)
    stage.inside()
    return after(work(kind, isAsync(form)), () => {
      section?.leave()
      release(stage, 'release', object, 1, () => guard.release())
    })
  })
}

/** Takes a permit for good. */
export function take(
  stage: Stage,
  { object, form }: Extract<Operation, { do: 'take' }>,
  from: Semaphore,
): Promise<void> | undefined {
  return taking(stage, 'acquire', object, from, form, () => undefined)
}

export function give(
  stage: Stage,
  { object, count }: Extract<Operation, { do: 'give' }>,
  to: Semaphore,
): undefined {
  return release(stage, 'release', object, count, () => to.release(count))
}

/** Acquires something, records that, and uses it if it was acquired. */
export function taking(
  stage: Stage,
  what: What,
  object: number,
  from: Acquirable,
  form: Form,
  use: (guard: Guard) => Promise<void> | undefined,
): Promise<void> | undefined {
  const at = stage.begin(what, object)
  return after(acquire(from, form), (got) => {
    stage.end(at, got === null ? 'gave-up' : got === ABORTED ? 'aborted' : kindOf(got))
    return got === null || got === ABORTED ? undefined : use(got)
  })
}

/**
 * Releases something, and records it as refused if it throws a RangeError: a bounded semaphore would have too
 * many permits.
 */
export function release(
  stage: Stage,
  what: What,
  object: number,
  argument: number,
  action: () => void,
): undefined {
  const at = stage.begin(what, object, argument)
  try {
    action()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    stage.end(at, 'refused')
    return
  }
  stage.end(at, 'done')
}

export function kindOf(guard: Guard): 'abandoned' | 'done' {
  return guard.abandoned ? 'abandoned' : 'done'
}
