import type { Guard } from '@ipc/core'
import type { RLock } from '@ipc/lock'
import type { Shared } from '../agent/kinds.ts'
import type { Acquirable } from '../agent/steps/form.ts'
import { ABORTED, type Agent, type Loop } from '@ipc/explorer/engine'
import { isAsync, type Form, type Work } from '../program/program.ts'
import { codeOf } from './monitor.ts'
import type { Part } from './part.ts'

/** Any time-out will do: the schedule decides when it is over. */
export const TIMEOUT = { timeoutMs: 10 } as const

/** The stage on which one track does its operations in the explorer: it tells the monitor what happens. */
export interface Stage {
  readonly agent: Agent
  /** The event loop; null if the agent is a thread that blocks. */
  readonly loop: Loop | null
  readonly track: number
  readonly parts: readonly Part[]
  readonly objects: readonly Shared[]
}

/** Tells the monitor that something begins with the next operation on the memory. */
export function begins({ agent, track }: Stage, index: number, code: number, value = 0): void {
  agent.begins(codeOf(track, index, code), value)
}

/** Tells the monitor that something was done by the last operation. */
export function did({ agent, track }: Stage, index: number, code: number, value = 0): void {
  agent.did(codeOf(track, index, code), value)
}

export function acquire(
  stage: Stage,
  form: Form,
  from: Acquirable,
): Guard | null | Promise<Guard | null> {
  if (!isAsync(form)) return acquireNow(stage, form, from)
  if (form.how === 'async') return from.acquireAsync()
  if (form.how === 'tryAsync') return from.tryAcquireAsync(TIMEOUT)
  return from.acquireAsync({ signal: stage.loop!.signal() }).catch(unlessAborted)
}

export function acquireNow(
  { agent }: Stage,
  { how }: Form,
  from: Pick<RLock, 'acquire' | 'tryAcquire'>,
): Guard | null {
  if (how === 'block') return from.acquire()
  if (how === 'try') return from.tryAcquire()
  return agent.timed(() => from.tryAcquire(TIMEOUT))
}

/** Lets other tasks run where the real program does. */
export function work({ loop }: Stage, form: Form, kind: Work): Promise<void> | undefined {
  return loop !== null && kind === 'yield' && isAsync(form) ? loop.turn() : undefined
}

export function unlessAborted(error: unknown): null {
  if (error === ABORTED) return null
  throw error
}
