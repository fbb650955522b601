import type { Barrier, BarrierPass } from '@ipc/sync'
import { after } from '../../agent/stage.ts'
import { ABORTED } from '@ipc/explorer/engine'
import * as barrier from '../../../subjects/barrier.ts'
import { isAsync, isPatient, type Operation } from '../../program/program.ts'
import { begins, did, TIMEOUT, type Stage } from '../stage.ts'

export const WAIT_CODES: readonly string[] = [`barrier ${barrier.COMES}`]
export const END_CODES: readonly string[] = [
  `barrier ${barrier.PASSES}`,
  `barrier ${barrier.THROWS}`,
]

/** The explorer leaves the action out. */
export function meet(
  stage: Stage,
  { object: index, form }: Extract<Operation, { do: 'meet' }>,
  it: Barrier,
): Promise<void> | undefined {
  begins(stage, index, barrier.COMES, Number(!isPatient(form)))
  return after<BarrierPass | null>(come(stage, form, it), (pass) => {
    if (pass === null) did(stage, index, barrier.THROWS)
    else did(stage, index, barrier.PASSES, pass.index)
  })
}

function come(
  { agent, loop }: Stage,
  form: Extract<Operation, { do: 'meet' }>['form'],
  it: Barrier,
): BarrierPass | null | Promise<BarrierPass | null> {
  const { how } = form
  if (isAsync(form)) {
    const options =
      how === 'async' ? undefined : how === 'tryAsync' ? TIMEOUT : { signal: loop!.signal() }
    return it.waitAsync(options).catch(unlessBroken)
  }
  try {
    if (how === 'block') return it.wait()
    return how === 'try' ? it.wait({ timeoutMs: 0 }) : agent.timed(() => it.wait(TIMEOUT))
  } catch (error) {
    return unlessBroken(error)
  }
}

function unlessBroken(error: unknown): null {
  const { code } = error as { code?: unknown }
  if (error === ABORTED || code === 'ERR_IPC_BROKEN_BARRIER') return null
  throw error
}

/** Does `abort` or `reset`. */
export function change(
  stage: Stage,
  { do: what, object: index }: { readonly do: 'abort' | 'reset'; readonly object: number },
  it: Barrier,
): undefined {
  const aborts = what === 'abort'
  begins(stage, index, aborts ? barrier.ABORTS : barrier.RESETS)
  it[what]()
  did(stage, index, aborts ? barrier.HAS_ABORTED : barrier.HAS_RESET)
}
