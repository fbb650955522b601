import { checkOptions, integer, outOfRange, wrongType } from '@ipc/core/author'
import { nativeFor } from '../native.ts'

/** `real`: SIGALRM by the clock; `virtual`: SIGVTALRM by CPU time of this process in user mode;
 * `prof`: SIGPROF by its CPU time. */
export type Timer = 'real' | 'virtual' | 'prof'

export interface TimerSetting {
  /** Milliseconds until it runs out; 0 if it is not set. */
  readonly valueMs: number
  /** Milliseconds between expirations from then on; 0: it runs out only once. */
  readonly intervalMs: number
}

const WHICH: Readonly<Record<Timer, number>> = { real: 0, virtual: 1, prof: 2 }
const LONGEST_S = 0x7fffffff

/**
 * Asks for SIGALRM after `seconds`, instead of any alarm that was set before; 0: for none. The kernel
 * sends it: it comes even if the event loop is blocked, and without a handler it ends the process.
 * There is one timer for `alarm` and `setitimer('real')`.
 * @param seconds an integer
 * @returns the seconds that were left of the previous one, rounded up
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/functions/alarm.html
 */
export function alarm(seconds: number): number {
  const ms = integer('seconds', seconds, 0, LONGEST_S) * 1000
  const [left] = nativeFor('alarm').setTimer(WHICH.real, ms, 0)
  return Math.ceil(left / 1000)
}

function which(timer: unknown): number {
  if (typeof timer !== 'string') throw wrongType('timer', 'a string', timer)
  if (!Object.hasOwn(WHICH, timer)) throw outOfRange('timer', "'real', 'virtual' or 'prof'", timer)
  return WHICH[timer as Timer]
}

function duration(what: string, ms: unknown): number {
  if (typeof ms !== 'number') throw wrongType(what, 'a number', ms)
  if (ms >= 0 && ms <= LONGEST_S * 1000) return ms
  throw outOfRange(what, `a number of milliseconds from 0 to ${LONGEST_S * 1000}`, ms)
}

/**
 * Sets an interval timer of this process. Fractions are rounded up to a microsecond.
 * @returns the setting before
 */
export function setitimer(
  timer: Timer,
  setting: { readonly valueMs: number; readonly intervalMs?: number | undefined },
): TimerSetting {
  const number = which(timer)
  if (setting === undefined) throw wrongType('setting', 'an object', setting)
  checkOptions('setting', setting)
  const valueMs = duration('valueMs', setting.valueMs)
  const intervalMs = duration('intervalMs', setting.intervalMs ?? 0)
  const before = nativeFor('setitimer').setTimer(number, valueMs, intervalMs)
  return { valueMs: before[0], intervalMs: before[1] }
}

/** The time that is left of an interval timer, and its interval. */
export function getitimer(timer: Timer): TimerSetting {
  const [valueMs, intervalMs] = nativeFor('getitimer').getTimer(which(timer))
  return { valueMs, intervalMs }
}
