import type { Guard } from '@ipc/core'
import type { Lock, RLock } from '@ipc/lock'
import type { Event } from '@ipc/sync'
import type { Form, How } from '../../program/program.ts'

type Awaitable<T> = T | Promise<T>

/** The result of an operation that was aborted, as planned. */
export const ABORTED: unique symbol = Symbol('aborted')

/** The methods that everything that is acquired has in common. */
export type Acquirable = Pick<Lock, 'acquire' | 'tryAcquire' | 'acquireAsync' | 'tryAcquireAsync'>

type Got = Awaitable<Guard | null | typeof ABORTED>
type Waited = Awaitable<boolean | typeof ABORTED>

const ACQUIRE: Record<How, (from: Acquirable, ms: number) => Got> = {
  block: (from) => from.acquire(),
  try: (from) => from.tryAcquire(),
  tryFor: (from, timeoutMs) => from.tryAcquire({ timeoutMs }),
  async: (from) => from.acquireAsync(),
  tryAsync: (from, timeoutMs) => from.tryAcquireAsync({ timeoutMs }),
  abort: (from, ms) => aborted(ms, (signal) => from.acquireAsync({ signal })),
}

const WAIT: Record<How, (event: Event, ms: number) => Waited> = {
  block: (event) => event.wait(),
  try: (event) => event.tryWait(),
  tryFor: (event, timeoutMs) => event.tryWait({ timeoutMs }),
  async: (event) => event.waitAsync(),
  tryAsync: (event, timeoutMs) => event.tryWaitAsync({ timeoutMs }),
  abort: (event, ms) => aborted(ms, (signal) => event.waitAsync({ signal })),
}

export function acquire(from: Acquirable, { how, ms }: Form): Got {
  return ACQUIRE[how](from, ms)
}

/** Acquires an RLock, which has no asynchronous forms. */
export function acquireNow(from: RLock, { how, ms }: Form): Guard | null {
  if (how === 'block') return from.acquire()
  return from.tryAcquire(how === 'try' ? undefined : { timeoutMs: ms })
}

export function wait(event: Event, { how, ms }: Form): Waited {
  return WAIT[how](event, ms)
}

/** Aborts after `ms`; if that is 0, in the same turn of the event loop, when the first sleep is over. */
export async function aborted<T>(
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof ABORTED> {
  const controller = new AbortController()
  const promise = call(controller.signal)
  const timer =
    ms === 0
      ? setImmediate(() => controller.abort(ABORTED))
      : setTimeout(() => controller.abort(ABORTED), ms)
  try {
    return await promise
  } catch (reason) {
    if (reason === ABORTED) return ABORTED
    throw reason
  } finally {
    if (ms === 0) clearImmediate(timer as NodeJS.Immediate)
    else clearTimeout(timer as NodeJS.Timeout)
  }
}
