import type { Barrier, BarrierPass } from '@ipc/sync'
import { isPatient, type Operation } from '../../program/program.ts'
import { after, type Stage } from '../stage.ts'
import { ABORTED, aborted } from './form.ts'

/** The result of a wait that was broken. */
const BROKEN = Symbol('broken')

type Met = BarrierPass | typeof BROKEN | typeof ABORTED

/**
 * Waits for the others. The record has the argument 1 if the wait does not give up by itself, and the index
 * that it got.
 */
export function meet(
  stage: Stage,
  { object, form }: Extract<Operation, { do: 'meet' }>,
  barrier: Barrier,
): Promise<void> | undefined {
  const at = stage.begin('wait', object, Number(isPatient(form)))
  return after<Met>(come(barrier, form), (met) => {
    if (met === ABORTED) stage.end(at, 'aborted')
    else if (met === BROKEN) stage.end(at, 'refused')
    else stage.end(at, 'saw', met.index)
  })
}

function come(
  barrier: Barrier,
  { how, ms }: Extract<Operation, { do: 'meet' }>['form'],
): Met | Promise<Met> {
  switch (how) {
    case 'async':
      return barrier.waitAsync().catch(unlessBroken)
    case 'tryAsync':
      return barrier.waitAsync({ timeoutMs: ms }).catch(unlessBroken)
    case 'abort':
      return aborted(ms, (signal) => barrier.waitAsync({ signal })).catch(unlessBroken)
    case 'block':
    case 'try':
    case 'tryFor':
    default:
      try {
        return barrier.wait(how === 'block' ? undefined : { timeoutMs: how === 'try' ? 0 : ms })
      } catch (error) {
        return unlessBroken(error)
      }
  }
}

function unlessBroken(error: unknown): typeof BROKEN {
  if ((error as { code?: unknown }).code === 'ERR_IPC_BROKEN_BARRIER') return BROKEN
  throw error
}
