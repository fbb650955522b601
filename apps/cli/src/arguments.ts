import { readFileSync } from 'node:fs'
import { Failure } from './failure.ts'

const SIGNAL = /^-((?:SIG)?[A-Z][A-Z0-9]*(?:[+-]\d+)?|\d+)$/

export interface CommandLine {
  /** The words that the parser gets. */
  readonly args: readonly string[]
  /** The command that `run` and `alarm` shall run: all that follows `--`. */
  readonly command: readonly string[]
}

/**
 * Takes the command out before anything is parsed: an option of the command, as in `sort -s`, must
 * never be taken for one of ours.
 */
export function commandLine(argv: readonly string[]): CommandLine {
  const end = argv[0] === 'run' || argv[0] === 'alarm' ? argv.indexOf('--') : -1
  if (end < 0) return { args: plain(argv), command: [] }
  return { args: argv.slice(0, end), command: argv.slice(end + 1) }
}

/**
 * Returns the command with the bytes that it was given. They stand at the end of our own command line:
 * Node replaces what is not UTF-8, and the command would work on a file of another name.
 */
export function exactly(command: readonly string[]): readonly (string | Uint8Array)[] {
  if (!command.some((word) => word.includes('\uFFFD'))) return command
  const line = readFileSync('/proc/self/cmdline')
  const words: Uint8Array[] = []
  for (let at = 0, end; (end = line.indexOf(0, at)) >= 0; at = end + 1) {
    words.push(line.subarray(at, end))
  }
  return words.slice(-command.length)
}

/** Writes `kill -USR1 1` in the way that option parsers know: `kill --signal USR1 1`. */
function plain(argv: readonly string[]): readonly string[] {
  const at = argv[0] === 'kill' ? 1 : -1
  const signal = SIGNAL.exec(argv[at] ?? '')?.[1]
  return signal === undefined ? argv : ['kill', '--signal', signal, ...argv.slice(2)]
}

/** @throws Failure for `run x sort -s`, where `-s` may belong to `run` or to `sort` */
export function withoutDashes(given: readonly string[], usage: string): void {
  if (given.length > 0)
    throw new Failure(`no -- before ${given[0]}: say ${usage} ${given.join(' ')}`)
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads `10s`, `500ms`, `1.5m`, or a bare number of seconds; returns milliseconds. */
export function duration(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h|d)?$/.exec(text) ?? []
  const ms = Number(number) * (UNITS[unit] ?? NaN)
  if (Number.isFinite(ms)) return ms
  throw new Failure(`no duration: ${JSON.stringify(text)} (say 10s, 500ms, 2m or 1.5)`)
}

/** Reads a whole number in a range. */
export function wholeNumber(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^-?\d+$/.test(text) && number >= min && number <= max) return number
    throw new Failure(`no ${what}: ${JSON.stringify(text)} (a whole number from ${min} to ${max})`)
  }
}

const MOST_PLACES = 1000

/** Reads the number of places: `4`, or `50%` of the CPUs that this process may use, at least one. */
export function places(text: string): number {
  const count = wholeNumber('number of places', 1, MOST_PLACES)
  if (!text.endsWith('%')) return count(text)
  const percent = wholeNumber('number of places', 1, 10_000)(text.slice(0, -1))
  const { availableParallelism } = process.getBuiltinModule('node:os') // loading it costs 5 ms, and few need it
  const of = Math.floor((availableParallelism() * percent) / 100)
  return Math.min(MOST_PLACES, Math.max(1, of))
}
