import { AsyncResource } from 'node:async_hooks'
import type { SignalHandler, SignalInfo } from '../names/info.ts'

/** Objects that live as long as the process must not keep the async context of the first caller. */
const outside = new AsyncResource('@ipc/signals', { requireManualDestroy: true })

/** Makes the call in the async context that loaded this module, and not in the caller's. */
export function inContextOfLoad<R>(call: () => R): R {
  return outside.runInAsyncScope(call)
}

/**
 * A handler, and the async context in which it was installed; it runs there, no matter in which context
 * the signal is taken.
 */
export class Installation extends AsyncResource {
  constructor() {
    super('SignalHandler', { requireManualDestroy: true })
  }

  run(handler: SignalHandler, info: SignalInfo): void {
    this.runInAsyncScope(handler, undefined, info.signal, info)
  }
}
