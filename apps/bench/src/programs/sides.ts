import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Handle } from '@ipc/core'
import { formatOptions, type WorkOptions } from './options.ts'

const SIDE = fileURLToPath(new URL('side.js', import.meta.url))

/** The values that a side is given, besides the options. */
export interface Post {
  readonly me: number
  /** The handle of the memory that all sides share. */
  readonly memory: Handle
  /** A path that only this run uses. */
  readonly where: string
}

/** The command line that runs `command` on the CPU of one side. */
export function pinned(
  { cpus }: Pick<WorkOptions, 'cpus'>,
  side: number,
  command: readonly string[],
): string[] {
  if (cpus.length === 0) return [...command]
  return ['taskset', '-c', String(cpus[side % cpus.length]), ...command]
}

export function startSide(options: WorkOptions, post: Post): ChildProcess {
  const [command, ...rest] = pinned(options, post.me, [
    process.execPath,
    ...process.execArgv,
    SIDE,
    JSON.stringify(post),
    ...formatOptions(options),
  ])
  return spawn(command!, rest, { stdio: ['ignore', 'inherit', 'inherit'] })
}

/** @throws Error when the process did not end well */
export async function endOf(side: ChildProcess): Promise<void> {
  if (side.exitCode === null && side.signalCode === null) await once(side, 'exit')
  if (side.exitCode === 0) return
  throw new Error(`a side ended with ${side.exitCode ?? side.signalCode}`)
}
