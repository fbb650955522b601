import type { Event } from '@ipc/sync'
import type { Operation } from '../../program/program.ts'
import { after, type Stage } from '../stage.ts'
import { ABORTED, wait as waitFor } from './form.ts'

export function wait(
  stage: Stage,
  { object, form }: Extract<Operation, { do: 'wait' }>,
  event: Event,
): Promise<void> | undefined {
  const at = stage.begin('wait', object)
  return after(waitFor(event, form), (result) =>
    stage.end(at, result === ABORTED ? 'aborted' : result ? 'done' : 'gave-up'),
  )
}

/** Sets it, clears it, or both. */
export function pulse(
  stage: Stage,
  { do: what, object }: { readonly do: 'set' | 'clear' | 'pulse'; readonly object: number },
  event: Event,
): undefined {
  if (what !== 'clear') stage.do('set', object, () => event.set())
  if (what !== 'set') stage.do('clear', object, () => event.clear())
}
