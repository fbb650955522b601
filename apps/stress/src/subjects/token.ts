import { type Action, readSchedule, writeSchedule } from '@ipc/explorer/engine'
import { UsageError } from '../usage.ts'
import { describeProgram, parseProgram, type Program } from './program.ts'

/** Tokens of the explorer begin with it; others replay real runs. */
const PREFIX = 'x:'

/** Whether a token is one of the explorer's. */
export function isExplorerToken(token: string): boolean {
  return token.startsWith(PREFIX)
}

/** A program and a schedule of it. */
export interface Replay {
  readonly program: Program
  readonly schedule: readonly Action[]
}

/** Writes the program, then the schedule: `x:lock/hold/hold/crashes=1/~0.0.1-3`. */
export function toToken({ program, schedule }: Replay): string {
  return `${PREFIX}${describeProgram(program)}/~${writeSchedule(schedule)}`
}

/** @throws UsageError for a string that is no token */
export function fromToken(token: string): Replay {
  const match = /^x:(.+)\/~(.*)$/.exec(token)
  const schedule = match === null ? null : readSchedule(match[2]!)
  if (match === null || schedule === null) {
    throw new UsageError(`not a token that stress printed: ${token.slice(0, 40)}`)
  }
  return { program: parseProgram(match[1]!), schedule }
}

/** The whole command, for people to copy. */
export function replayCommand(replay: Replay): string {
  return `npx -y pnpm@10.34.9 stress replay "${toToken(replay)}"`
}
