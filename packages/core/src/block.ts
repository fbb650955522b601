import { platform } from '#platform'
import type { Memory } from './memory.ts'
import { NO_NOTE } from './notes.ts'
import { Sleep, type Waiting } from './sleep.ts'

const BLOCKED_TOO_LONG_MS = 1000

/** So many signal handlers may throw in one wait that goes on all the same. */
const MOST_FAILURES = 100

/**
 * Blocks the thread until an attempt succeeds; undefined when `deadline` has passed. What a signal
 * handler throws meanwhile ends the wait, or is kept in `failures`, and the wait goes on.
 */
export function block<T>(
  memory: Memory,
  waiting: Waiting<T>,
  deadline: number,
  what: () => string,
  failures?: unknown[],
): T | undefined {
  const sleep = new Sleep(true, deadline)
  const start = memory.now()
  let told = !platform.isMainThread
  let note = NO_NOTE
  let taken: T | undefined
  try {
    for (;;) {
      const watch = memory.arm()
      taken = waiting.attempt(sleep)
      if (taken !== undefined) return taken
      const now = memory.now()
      if (now >= deadline) return undefined
      if (!told && now - start > BLOCKED_TOO_LONG_MS) {
        told = true
        platform.blocked({ what: what(), waitedMs: now - start })
      }
      if (sleep.slept === 0 && note === NO_NOTE)
        note = memory.noteWait?.(sleep.index, true) ?? NO_NOTE
      try {
        sleep.over(memory.park(sleep.index, sleep.expected, deadline, watch))
      } catch (failure) {
        if (failures === undefined || failures.length >= MOST_FAILURES) throw failure
        failures.push(failure)
      }
    }
  } finally {
    if (note !== NO_NOTE) memory.endNote?.(note)
    if (taken === undefined) {
      if (sleep.slept > 0) waiting.leave()
      waiting.end?.()
    }
  }
}
