/** Longer timers are set in parts. */
export const LONGEST_TIMER_MS = 0x7fffffff
/** More than a real timer is ever early. */
export const EARLY_MS = 5

/** The function that sets a timer, and the one that clears it. */
export interface Timers {
  readonly setTimeout: typeof setTimeout
  readonly clearTimeout: typeof clearTimeout
}

function timersOfNow(): Timers {
  const { setTimeout, clearTimeout } = globalThis
  return { setTimeout, clearTimeout }
}

const atLoad = timersOfNow()
let latest = atLoad

/**
 * The timers that are in force. A test may replace them at any time, so that its clock decides when a wait
 * gives up; code that sets a timer keeps the function that clears it.
 */
export function timers(): Timers {
  if (latest.setTimeout !== globalThis.setTimeout) latest = timersOfNow()
  return latest
}

/** Whether anybody's timers may be a test's. */
export function wereReplaced(): boolean {
  return latest !== atLoad
}

/** Whether a test has taken its timers back, and what was set with them never comes. */
export function areGone(set: Timers): boolean {
  return set !== atLoad && set.setTimeout !== globalThis.setTimeout
}
