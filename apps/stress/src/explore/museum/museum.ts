import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Report } from '../../report/report.ts'

const run = promisify(execFile)

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url))
const MUSEUM = fileURLToPath(new URL('../../../mutants/', import.meta.url))

/** What a mutant is built from. */
const COPIED = ['packages', 'apps/stress', 'tooling/tsconfig'] as const
const NOT_COPIED = /\/(reports|node_modules\/\.[a-z-]+|native\/(native|build|prebuilds))(\/|$)/

/** A bug that was planted, or made once: a patch of a primitive. */
export interface Mutant {
  readonly name: string
  readonly file: string
  /** What is wrong, from the patch's first line. */
  readonly what: string
  /** Which primitive's check must find it: the patch's line `check: lock`. */
  readonly check: string
  /** The packages that it changes, or apps/stress: the model of the native side. */
  readonly packages: readonly string[]
}

export function mutants(): Mutant[] {
  return readdirSync(MUSEUM)
    .filter((name) => name.endsWith('.patch'))
    .toSorted()
    .map((name) => {
      const file = join(MUSEUM, name)
      const text = readFileSync(file, 'utf8')
      const check = /^check: (\S+)$/m.exec(text)?.[1]
      if (check === undefined) throw new Error(`${name} has no line "check: <primitive>"`)
      const packages = [...text.matchAll(/^\+\+\+ b\/((?:packages|apps)\/[a-z]+)\//gm)].map(
        (one) => one[1]!,
      )
      const what = text.split('\n')[0]!
      return { name: basename(name, '.patch'), file, what, check, packages: [...new Set(packages)] }
    })
}

/** `stale`: the patch does not apply, or what it makes does not build. */
export interface Examined {
  readonly verdict: 'found' | 'missed' | 'stale'
  /** What was found, or why nothing was. */
  readonly how: string
  /** The smallest that fails. */
  readonly program: string | null
  /** Schedules, and where states are kept states, until it was found. */
  readonly schedules: number
  readonly ms: number
}

/** A copy of the sources in which mutants are built, one after another. */
export class Workshop {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'stress-mutants-'))
  /** Packages that are built as the last mutant was. */
  #changed: readonly string[] = []

  constructor() {
    for (const part of COPIED) {
      cpSync(join(ROOT, part), join(this.#folder, part), {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
        filter: (source) => !NOT_COPIED.test(source),
      })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'))
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Builds it, and looks whether `stress check` finds it. */
  async examine(mutant: Mutant, budget: string, shrink: string): Promise<Examined> {
    const start = performance.now()
    const not = (verdict: 'missed' | 'stale', how: string): Examined => ({
      verdict,
      how,
      program: null,
      schedules: 0,
      ms: Math.round(performance.now() - start),
    })
    try {
      await this.#patch(mutant, [])
    } catch (error) {
      return not('stale', firstLine(error))
    }
    try {
      await this.#build(mutant)
      const found = await this.#check(mutant.check, budget, shrink)
      return typeof found === 'string' ? not('missed', found) : found
    } catch (error) {
      return not('stale', firstLine(error))
    } finally {
      await this.#patch(mutant, ['--reverse'])
    }
  }

  /** With the default search; what was found, or why nothing was. */
  async #check(primitive: string, budget: string, shrink: string): Promise<Examined | string> {
    const cli = join(this.#folder, 'apps/stress/dist/cli.js')
    const args = [cli, 'check', primitive, '--budget', budget, '--shrink', shrink]
    args.push('--seed', '1', '--json', '-')
    const { stdout, code } = await run(process.execPath, args, { cwd: this.#folder }).then(
      (done) => ({ ...done, code: 0 }),
      (failed: { stdout: string; code: number }) => failed,
    )
    if (code !== 1) return code === 0 || code === 3 ? `not in ${budget}` : `exit code ${code}`
    const { failures, coverage, elapsedMs } = JSON.parse(stdout) as Report
    const [failure] = failures
    if (failure?.half !== 'explored') return 'exit code 1, without a failure'
    const sum = coverage.reduce((all, one) => all + one.states + one.schedules, 0)
    const { verdict: how, program } = failure
    return { verdict: 'found', how, program, schedules: sum, ms: elapsedMs }
  }

  async #patch({ file }: Mutant, how: readonly string[]): Promise<void> {
    await run('git', ['apply', ...how, file], { cwd: this.#folder })
  }

  /** Only what it changes, and what the last one changed: others see the same types. */
  async #build({ packages }: Mutant): Promise<void> {
    const all = new Set([...packages, ...this.#changed])
    this.#changed = packages
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    await run(tsc, ['-b', ...all], { cwd: this.#folder })
  }
}

function firstLine(error: unknown): string {
  const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string }
  return (stderr || stdout || message).split('\n')[0]!
}
