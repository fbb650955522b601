import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { formatOptions, type WorkResult } from '../programs/options.ts'
import { pinned } from '../programs/sides.ts'
import type { Contestant } from '../rows/row.ts'
import type { Machine } from './machine.ts'
import { median } from './statistics.ts'

/** Only a program that hangs takes this long: even proper-lockfile takes over after 10 s. */
const HANGS_MS = 60_000

/** Flags that one of the programs needs. */
const FLAGS = ['--expose-gc', '--harmony-struct']

export interface Sample {
  readonly value: number
  readonly switches: number | undefined
}

/** Says why a contestant cannot run here: it is not installed, not built, or not in this Node. */
export class Absent extends Error {}

/** Runs one contestant once. */
export async function runContestant(contestant: Contestant, machine: Machine): Promise<Sample> {
  const result = await run(commandOf(contestant, machine))
  if (!result.correct) throw new Error(`${contestant.name} does not exclude: its counter is wrong`)
  const value = result.value ?? median(result.samples!)
  return { value, switches: result.switches }
}

function commandOf({ program, options }: Contestant, { c, python }: Machine): string[] {
  const rest = formatOptions(options)
  if (program === 'c') {
    if ('reason' in c) throw new Absent(c.reason)
    return [c.program, ...rest]
  }
  if (program === 'python') {
    if ('reason' in python) throw new Absent(python.reason)
    return ['python3', python.script, ...rest]
  }
  const name = program === 'node' ? 'main' : program
  const script = fileURLToPath(new URL(`../../dist/programs/${name}.js`, import.meta.url))
  const command = [process.execPath, ...FLAGS.filter(isKnownFlag), script, ...rest]
  return program === 'pairs' ? pinned(options, 0, command) : command
}

function isKnownFlag(flag: string): boolean {
  return flag !== '--harmony-struct' || hasV8Mutex
}

/** Flags of V8 come and go; an unknown one ends the process. */
const hasV8Mutex = Number(process.versions.node.split('.')[0]) >= 20

/**
 * Runs a program in a process group of its own, so that all that it has started ends with it: sides
 * that wait for each other, or spin, do not end by themselves when their lead is gone.
 */
async function run([command, ...rest]: string[]): Promise<WorkResult> {
  const child = spawn(command!, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const endGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The whole group has ended.
    }
  }
  process.once('exit', endGroup)
  const hangs = setTimeout(endGroup, HANGS_MS)
  try {
    const ended = once(child, 'exit')
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null]
    if (code === 0) return JSON.parse(stdout) as WorkResult
    const why = signal === null ? firstError(stderr) : 'hangs, or was killed'
    throw new Absent(why || `ended with ${code}: ${[command, ...rest].join(' ')}`)
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new Absent(error.message) // cannot start
    throw error
  } finally {
    clearTimeout(hangs)
    process.off('exit', endGroup)
    endGroup()
  }
}

function firstError(stderr: string): string {
  return stderr.split('\n').find((line) => /^\w*Error\b/.test(line)) ?? ''
}
