import { platform } from '#platform'
import type { Memory } from '../memory/memory.ts'

/** Node does not wait for `Atomics.waitAsync` or a parking thread by itself. */
let holders = 0

/** Keeps the event loop alive until `letGo` was called as often. */
export function keepAlive(): void {
  if (holders++ === 0) platform.keepAlive(true)
}

export function letGo(): void {
  if (--holders === 0) platform.keepAlive(false)
}

/**
 * Keeps the event loop alive for a call that waits in this memory. In a simulated one calls are left in
 * the middle, and nobody waits for them.
 */
export function keepAliveIn(memory: Memory): void {
  if (memory.isReal !== false) keepAlive()
}

export function letGoIn(memory: Memory): void {
  if (memory.isReal !== false) letGo()
}
