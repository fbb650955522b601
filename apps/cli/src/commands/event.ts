/** `ipc wait`, `set` and `clear`. */
import { Event } from '@ipc/sync'
import { DONE, NOT_DONE } from '../exit.ts'
import { native } from '../native.ts'

export function wait(name: string, { timeout }: { readonly timeout?: number }): number {
  native().commandAwait()
  return Event.open(name).tryWait({ timeoutMs: timeout ?? Infinity }) ? DONE : NOT_DONE
}

export function set(name: string): void {
  Event.open(name).set()
}

/** Clears an event. One that does not exist is clear already, so it is not made. */
export function clear(name: string): void {
  try {
    Event.open(name, { create: false }).clear()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
