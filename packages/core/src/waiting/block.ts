import { platform } from '#platform'
import { askWhoListens, LONG_WAIT_MS, stackHere, tell } from './long-waits.ts'
import type { Memory } from '../memory/memory.ts'
import { NO_NOTE } from '../agents/notes.ts'
import { Sleep, type Waiting } from './sleep.ts'

/** At most this many signal handlers may throw in one wait that goes on all the same. */
const MOST_FAILURES = 100

/**
 * Blocks the thread until an attempt succeeds; undefined when `deadline` has passed. An error that a signal
 * handler throws meanwhile ends the wait; or it is kept in `failures`, and the wait goes on.
 */
export function block<T>(
  memory: Memory,
  waiting: Waiting<T>,
  deadline: number,
  what: () => string,
  failures?: unknown[],
): T | undefined {
  const sleep = new Sleep(true, deadline)
  let told = !platform.isMainThread
  const start = told ? 0 : memory.now()
  let note = NO_NOTE
  let taken: T | undefined
  try {
    for (;;) {
      const watch = memory.arm()
      taken = waiting.attempt(sleep)
      if (taken !== undefined) return taken
      if (deadline !== Infinity && memory.now() >= deadline) return undefined
      if (sleep.hasIdled) {
        if (note === NO_NOTE) note = memory.noteWait?.(sleep.index, true) ?? NO_NOTE
        const waitedMs = told ? 0 : memory.now() - start
        if (waitedMs > LONG_WAIT_MS) {
          told = true
          const askedAt = askWhoListens() ? stackHere() : null
          if (memory.isReal) tell(what(), waitedMs, true, waiting, askedAt)
        }
      }
      try {
        sleep.over(memory.park(sleep.index, sleep.expected, deadline, watch))
      } catch (failure) {
        if (failures === undefined || failures.length >= MOST_FAILURES) throw failure
        failures.push(failure)
      }
    }
  } finally {
    memory.passOnDeaths?.()
    if (note !== NO_NOTE) memory.endNote?.(note)
    if (taken === undefined) {
      if (sleep.slept > 0) waiting.leave()
      waiting.end?.()
    }
  }
}
