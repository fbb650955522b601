import type { Event } from '@ipc/sync'
import { after } from '../../agent/stage.ts'
import * as event from '../../../subjects/event.ts'
import { isAsync, type Form, type Operation } from '../../program/program.ts'
import { begins, did, TIMEOUT, unlessAborted, type Stage } from '../stage.ts'

export const WAIT_CODES: readonly string[] = [`event ${event.WAITS}`]
export const END_CODES: readonly string[] = [`event ${event.WAITED}`]

export function wait(
  stage: Stage,
  { form, object: index }: Extract<Operation, { do: 'wait' }>,
  object: Event,
): Promise<void> | undefined {
  begins(stage, index, event.WAITS)
  return after<boolean | null | void>(waitFor(stage, form, object), (isOver) =>
    did(stage, index, event.WAITED, Number(isOver !== false && isOver !== null)),
  )
}

function waitFor(
  { agent, loop }: Stage,
  form: Form,
  object: Event,
): boolean | null | void | Promise<boolean | null | void> {
  if (!isAsync(form)) {
    if (form.how === 'block') return object.wait()
    return form.how === 'try' ? object.tryWait() : agent.timed(() => object.tryWait(TIMEOUT))
  }
  if (form.how === 'async') return object.waitAsync()
  if (form.how === 'tryAsync') return object.tryWaitAsync(TIMEOUT)
  return object.waitAsync({ signal: loop!.signal() }).catch(unlessAborted)
}

/** Sets it, clears it, or both. */
export function pulse(
  stage: Stage,
  { do: what, object: index }: { readonly do: 'set' | 'clear' | 'pulse'; readonly object: number },
  object: Event,
): undefined {
  if (what !== 'clear') {
    begins(stage, index, event.SETS)
    object.set()
    did(stage, index, event.HAS_SET)
  }
  if (what !== 'set') {
    begins(stage, index, event.CLEARS)
    object.clear()
    did(stage, index, event.CLEARED)
  }
}
