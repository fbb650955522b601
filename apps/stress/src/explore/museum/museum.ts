import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

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
      return { name: basename(name, '.patch'), file, what: text.split('\n')[0]!, check }
    })
}

/** `stale`: the patch does not apply, or what it makes does not build. */
export type Verdict =
  | { readonly verdict: 'found'; readonly how: string; readonly ms: number }
  | { readonly verdict: 'missed' | 'stale'; readonly how: string; readonly ms: number }

/** A copy of the sources in which mutants are built, one after another. */
export class Workshop {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'stress-mutants-'))

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
  async examine(mutant: Mutant, budget: string): Promise<Verdict> {
    const start = performance.now()
    const ms = (): number => Math.round(performance.now() - start)
    try {
      await this.#patch(mutant, [])
      await this.#build()
    } catch (error) {
      return { verdict: 'stale', how: firstLine(error), ms: ms() }
    }
    try {
      const cli = join(this.#folder, 'apps/stress/dist/cli.js')
      const args = [cli, 'check', mutant.check, '--budget', budget, '--seed', '1']
      const how = await run(process.execPath, args, { cwd: this.#folder }).then(
        () => null,
        (failed: { code?: number; stdout?: string }) =>
          failed.code === 1 ? (/^FOUND: .*$/m.exec(failed.stdout ?? '')?.[0] ?? null) : null,
      )
      return how === null
        ? { verdict: 'missed', how: `not in ${budget}`, ms: ms() }
        : { verdict: 'found', how: how.slice('FOUND: '.length), ms: ms() }
    } finally {
      await this.#patch(mutant, ['--reverse'])
    }
  }

  async #patch({ file }: Mutant, how: readonly string[]): Promise<void> {
    await run('git', ['apply', ...how, file], { cwd: this.#folder })
  }

  async #build(): Promise<void> {
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    await run(tsc, ['-b', 'packages/lock', 'packages/semaphore', 'packages/sync'], {
      cwd: this.#folder,
    })
  }
}

function firstLine(error: unknown): string {
  const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string }
  return (stderr || stdout || message).split('\n')[0]!
}
