import { platform } from '#platform'

let clock: (() => number) | undefined

/**
 * Monotonic milliseconds. Bound once: in Node the global `performance` is a getter that costs more
 * than the clock itself; not at load, because it loads a module of Node's.
 */
export function now(): number {
  return (clock ??= platform.clock())()
}
