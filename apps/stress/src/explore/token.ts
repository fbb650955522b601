import { UsageError } from '../usage.ts'
import type { Action } from './action.ts'
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

/** `x:lock/hold/hold/crashes=1/~0.0.1-3`: the program, then the actions, repeated ones counted. */
export function toToken({ program, schedule }: Replay): string {
  const runs: string[] = []
  for (let i = 0; i < schedule.length;) {
    let end = i
    while (schedule[end] === schedule[i]) end++
    runs.push(schedule[i]!.toString(36) + (end - i > 1 ? `-${end - i}` : ''))
    i = end
  }
  return `${PREFIX}${describeProgram(program)}/~${runs.join('.')}`
}

/** @throws UsageError for what is no token */
export function fromToken(token: string): Replay {
  const match = /^x:(.+)\/~([0-9a-z.-]*)$/.exec(token)
  if (match === null) throw new UsageError(`not a token that stress printed: ${token.slice(0, 40)}`)
  const schedule = match[2]!.split('.').flatMap((run) => {
    const [action, times = '1'] = run.split('-')
    if (action === '') return []
    const count = Math.min(Number(times), 100_000)
    return Array.from({ length: count }, () => Number.parseInt(action!, 36))
  })
  return { program: parseProgram(match[1]!), schedule }
}

/** The whole command, for people to copy. */
export function replayCommand(replay: Replay): string {
  return `npx -y pnpm@10.34.9 stress replay "${toToken(replay)}"`
}
