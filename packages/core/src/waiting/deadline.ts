import { outOfRange, wrongType } from '../errors.ts'
import type { Memory } from '../memory/memory.ts'

/** Options of a wait that may give up. */
export interface TryOptions {
  /**
   * How long to wait, in milliseconds. 0 (the default) and below: one try. `Infinity`: as long as
   * it takes.
   */
  readonly timeoutMs?: number | undefined
}

/**
 * The time-out in milliseconds, at least 0.
 * @throws TypeError if it is not a number; RangeError if it is NaN.
 */
export function checkTimeout(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return 0
  if (typeof timeoutMs !== 'number') throw wrongType('timeoutMs', 'a number', timeoutMs)
  if (Number.isNaN(timeoutMs)) throw outOfRange('timeoutMs', 'a number of milliseconds', timeoutMs)
  return Math.max(0, timeoutMs)
}

/** Computed once per wait, so that waking up and sleeping again does not prolong it. */
export function deadlineAfter(memory: Memory, timeoutMs: number): number {
  return timeoutMs === Infinity ? Infinity : memory.now() + timeoutMs
}
