import type { Action } from '../machine/action.ts'
import type { Faults } from '../model.ts'
import { readSchedule, writeSchedule } from './schedule.ts'

/**
 * A token is the schedule, `0.0.1-3`, after the faults that may happen, if any:
 * `deaths=1,spurious=1:0.0.1-3`.
 */
export function writeToken({ crashes, spurious }: Faults, schedule: readonly Action[]): string {
  const faults = [
    ...(crashes > 0 ? [`deaths=${crashes}`] : []),
    ...(spurious > 0 ? [`spurious=${spurious}`] : []),
  ]
  return `${faults.length > 0 ? `${faults.join(',')}:` : ''}${writeSchedule(schedule)}`
}

/** @throws TypeError for a string that is no token */
export function readToken(token: string): {
  readonly faults: Faults
  readonly schedule: readonly Action[]
} {
  const match = /^(?:(?:deaths=(\d))?,?(?:spurious=(\d))?:)?([^:]*)$/.exec(token)
  const schedule = match === null ? null : readSchedule(match[3]!)
  if (match === null || schedule === null) {
    throw new TypeError(`not a token of a report: ${token.slice(0, 40)}`)
  }
  const faults = { crashes: Number(match[1] ?? 0), spurious: Number(match[2] ?? 0) }
  return { faults, schedule }
}
