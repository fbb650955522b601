import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Handle } from '@ipc/core'
import { formatOptions, type WorkOptions } from './options.ts'

const SIDE = fileURLToPath(new URL('side.js', import.meta.url))

/** What a side is told, besides the options. */
export interface Post {
  readonly me: number
  /** Of the memory that all share. */
  readonly memory: Handle
  /** A path that only this run uses. */
  readonly where: string
}

/** A command on the CPU of one side. */
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

/** @throws Error when it did not end well */
export async function endOf(side: ChildProcess): Promise<void> {
  if (side.exitCode === null && side.signalCode === null) await once(side, 'exit')
  if (side.exitCode === 0) return
  throw new Error(`a side ended with ${side.exitCode ?? side.signalCode}`)
}
