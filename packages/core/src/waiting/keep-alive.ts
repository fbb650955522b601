import { platform } from '#platform'

/** Node does not wait for `Atomics.waitAsync` or a parking thread by itself. */
let holders = 0

/** Keeps the event loop alive until `letGo` was called as often. */
export function keepAlive(): void {
  if (holders++ === 0) platform.keepAlive(true)
}

export function letGo(): void {
  if (--holders === 0) platform.keepAlive(false)
}
