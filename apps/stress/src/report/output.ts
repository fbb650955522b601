import { accessSync, constants, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { UsageError } from '../usage.ts'
import { html } from './html/html.ts'
import { Progress } from './progress.ts'
import { PLATFORM, type Report } from './report.ts'

/** These options are for `parseArgs`. */
export const OUTPUT_OPTIONS = {
  json: { type: 'string' },
  html: { type: 'string' },
} as const

export const OUTPUT_HELP = `  --json FILE|-      what was done and what came of it, as JSON; with - to standard output alone
  --html FILE        the same as a page for a browser, one file`

export interface OutputFiles {
  readonly json?: string | undefined
  readonly html?: string | undefined
}

/** The part of a report that a command gives; the rest is known here. */
export type Result = Partial<Report> & Pick<Report, 'verdict' | 'text' | 'exitCode'>

/** The output takes a command's text, progress and report. */
export class Output {
  readonly progress: Progress = new Progress()
  readonly #command: string
  readonly #arguments: readonly string[]
  readonly #files: OutputFiles
  readonly #started = new Date()
  readonly #start = performance.now()

  /** Before anything is done, refuses files that cannot be written. */
  constructor(command: string, argv: readonly string[], files: OutputFiles) {
    this.#command = command
    this.#arguments = argv
    this.#files = files
    if (files.json !== undefined && files.json !== '-') checkFile('--json', files.json)
    if (files.html !== undefined) checkFile('--html', files.html)
  }

  /** Writes text for people; it does not mix it into JSON that goes to standard output. */
  say(text: string): void {
    this.progress.end()
    if (this.#files.json === '-') process.stderr.write(`${text}\n`)
    else process.stdout.write(`${text}\n`)
  }

  /** Writes the report, and answers with the exit code. `json` is written in its place. */
  finish(result: Result, json?: unknown): number {
    const report = this.#report(result)
    const files = this.#files
    if (files.html !== undefined) writeFileSync(files.html, html(report))
    if (files.json !== undefined) {
      const text = `${JSON.stringify(json ?? report, null, 2)}\n`
      if (files.json === '-') process.stdout.write(text)
      else writeFileSync(files.json, text)
    }
    return report.exitCode
  }

  #report(result: Result): Report {
    return {
      command: this.#command,
      arguments: this.#arguments,
      seed: null,
      started: this.#started.toISOString(),
      elapsedMs: Math.round(performance.now() - this.#start),
      platform: PLATFORM,
      coverage: [],
      programs: [],
      runs: null,
      mutants: [],
      mutantsLeft: 0,
      failures: [],
      ...result,
    }
  }
}

function checkFile(option: string, file: string): void {
  if (file === '') throw new UsageError(`${option} needs the name of a file`)
  try {
    accessSync(dirname(resolve(file)), constants.W_OK)
    const existing = statSync(file, { throwIfNoEntry: false })
    if (existing?.isDirectory() === true) throw new Error('it is a directory')
    if (existing !== undefined) accessSync(file, constants.W_OK)
  } catch (error) {
    const reason = (error as Error).message.split(',', 1)[0]
    throw new UsageError(`${option} ${file} cannot be written: ${reason}`)
  }
}
