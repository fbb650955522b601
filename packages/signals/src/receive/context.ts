import { AsyncResource } from 'node:async_hooks'
import type { SignalHandler, SignalInfo } from '../names/info.ts'

/** What lives as long as the process must not keep the async context of whoever was first. */
const outside = new AsyncResource('@ipc/signals', { requireManualDestroy: true })

/** Calls it in the async context that loaded this module, and not in the caller's. */
export function inContextOfLoad<R>(call: () => R): R {
  return outside.runInAsyncScope(call)
}

/** A handler, and the async context in which it was installed; it runs there, whoever hears of the signal. */
export class Installation extends AsyncResource {
  constructor() {
    super('SignalHandler', { requireManualDestroy: true })
  }

  run(handler: SignalHandler, info: SignalInfo): void {
    this.runInAsyncScope(handler, undefined, info.signal, info)
  }
}
