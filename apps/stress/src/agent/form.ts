import type { Lock } from '@ipc/lock'
import type { Guard } from '@ipc/core'
import type { Semaphore } from '@ipc/semaphore'
import type { Event } from '@ipc/sync'
import type { Form } from '../program/program.ts'

type Awaitable<T> = T | Promise<T>

/** Of an operation that was aborted, as planned. */
export const ABORTED: unique symbol = Symbol('aborted')

export function acquire(
  from: Lock | Semaphore,
  { how, ms }: Form,
): Awaitable<Guard | null | typeof ABORTED> {
  switch (how) {
    case 'block':
      return from.acquire()
    case 'try':
      return from.tryAcquire()
    case 'tryFor':
      return from.tryAcquire({ timeoutMs: ms })
    case 'async':
      return from.acquireAsync()
    case 'tryAsync':
      return from.tryAcquireAsync({ timeoutMs: ms })
    case 'abort':
      return aborted(ms, (signal) => from.acquireAsync({ signal }))
  }
}

export function wait(event: Event, { how, ms }: Form): Awaitable<boolean | typeof ABORTED> {
  switch (how) {
    case 'block':
      return event.wait()
    case 'try':
      return event.tryWait()
    case 'tryFor':
      return event.tryWait({ timeoutMs: ms })
    case 'async':
      return event.waitAsync()
    case 'tryAsync':
      return event.tryWaitAsync({ timeoutMs: ms })
    case 'abort':
      return aborted(ms, (signal) => event.waitAsync({ signal }))
  }
}

/** Aborts after `ms`; after 0 in the same turn of the event loop, when the first sleep is over. */
async function aborted<T>(
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
