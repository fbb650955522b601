/** Reads what `ipc run` shall do from its own options and those that people know from flock and sem. */
import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { exactly } from './arguments.ts'
import { NOT_DONE } from './exit.ts'
import { Failure } from './failure.ts'

export interface RunOptions {
  readonly timeout?: number
  readonly wait?: number
  readonly nonblock?: boolean
  readonly shared?: boolean
  readonly exclusive?: boolean
  readonly max?: number
  readonly jobs?: number
  readonly conflictExitCode?: number
  readonly command?: string
  readonly abandonedExec?: string
  readonly commandOnly?: boolean
  readonly close?: boolean
  readonly verbose?: boolean
}

export interface Plan {
  readonly words: readonly (string | Uint8Array)[]
  /** The time to wait in milliseconds; undefined: as long as it takes. */
  readonly timeout?: number
  readonly shared: boolean
  readonly max?: number
  readonly conflictExitCode: number
  readonly abandonedExec?: string
  readonly commandOnly: boolean
  readonly verbose: boolean
}

/** @throws Failure for options that contradict each other */
export function planOf(name: string, command: readonly string[], options: RunOptions): Plan {
  const { timeout, wait, nonblock, shared, exclusive, max, jobs, abandonedExec } = options
  atMostOne({ '--timeout': timeout, '--wait': wait, '--nonblock': nonblock })
  atMostOne({ '--shared': shared, '--max': max, '--jobs': jobs, '--exclusive': exclusive })
  const limit = nonblock ? 0 : (timeout ?? wait)
  const places = max ?? jobs
  return {
    words: wordsOf(name, command, options.command),
    shared: shared ?? false,
    conflictExitCode: options.conflictExitCode ?? NOT_DONE,
    commandOnly: options.commandOnly ?? options.close ?? false,
    verbose: options.verbose ?? false,
    ...(limit === undefined ? {} : { timeout: limit }),
    ...(places === undefined ? {} : { max: places }),
    ...(abandonedExec === undefined ? {} : { abandonedExec }),
  }
}

function wordsOf(
  name: string,
  command: readonly string[],
  script: string | undefined,
): Plan['words'] {
  if (script === undefined && command.length > 0) return exactly(command)
  if (script === undefined) throw new Failure(`no command: say ipc run ${name} -- COMMAND`)
  if (command.length > 0) throw new Failure('--command and a command do not go together')
  return ['sh', '-c', script]
}

function atMostOne(options: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(options).filter((option) => options[option] !== undefined)
  if (given.length > 1) throw new Failure(`${given[0]} and ${given[1]} do not go together`)
}

/** How many characters of a path, and of its hash, a name keeps: it has at most 128. */
const READABLE = 90
const HASHED = 16

/**
 * Makes a name of a path, for people who come from flock: the last part of the path, and a hash of the
 * whole path with the symbolic links of its folder resolved. The file itself is neither needed nor made.
 * A name that is no path stays as it is.
 */
export async function nameOf(given: string): Promise<string> {
  if (!given.startsWith('/')) return given
  const { createHash } = await import('node:crypto') // it costs some milliseconds, and few need it
  const path = join(folderOf(given), basename(given))
  const hash = createHash('sha256').update(path).digest('hex').slice(0, HASHED)
  const readable = basename(given)
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, READABLE)
  return `path-${readable}-${hash}`
}

function folderOf(path: string): string {
  try {
    return realpathSync(dirname(path))
  } catch {
    return dirname(path) // the folder need not exist
  }
}
