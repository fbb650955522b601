import { execFile } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { transformSync } from 'esbuild'
import type { Report } from '../report/report.ts'
import { REPLACED } from './hooks.ts'
import type { Mutant } from './mutant.ts'
import { plant, StaleMutant } from './plant.ts'

const run = promisify(execFile)

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const REPLACE = new URL('../../dist/museum/replace.js', import.meta.url).href
const LARGEST_REPORT = 64 * 1024 * 1024

/**
 * `stale` means that its text does not stand exactly once in the sources, or that the changed source is no
 * program.
 */
export interface Examined {
  readonly verdict: 'found' | 'missed' | 'stale'
  /** A sentence that says what was found, or why nothing was. */
  readonly how: string
  /** The smallest program that fails. */
  readonly program: string | null
  /** How many schedules, and states where states are kept, it took to find it. */
  readonly schedules: number
  readonly ms: number
}

/**
 * Examines whether `stress check` finds a mutant. It runs in a process of its own, in which Node's loader
 * gives the changed modules their text.
 */
export async function examine(mutant: Mutant, budget: string, shrink: string): Promise<Examined> {
  const start = performance.now()
  const not = (verdict: 'missed' | 'stale', how: string): Examined => ({
    verdict,
    how,
    program: null,
    schedules: 0,
    ms: Math.round(performance.now() - start),
  })
  let replaced: Record<string, string>
  try {
    replaced = modulesOf(mutant)
  } catch (error) {
    if (!(error instanceof StaleMutant)) throw error
    return not('stale', error.message)
  }
  const { stdout, code } = await check(mutant.check, budget, shrink, replaced)
  if (code !== 1)
    return not('missed', code === 0 || code === 3 ? `not in ${budget}` : `exit code ${code}`)
  const { failures, coverage } = JSON.parse(stdout) as Report
  const [failure] = failures
  if (failure?.half !== 'explored') return not('missed', 'exit code 1, without a failure')
  const schedules = coverage.reduce((all, one) => all + one.states + one.schedules, 0)
  const { verdict: how, program } = failure
  return { verdict: 'found', how, program, schedules, ms: Math.round(performance.now() - start) }
}

/** Answers with the built modules that the mutant changes, by their URL, without types. */
function modulesOf(mutant: Mutant): Record<string, string> {
  return Object.fromEntries(
    [...plant(mutant)].map(([path, text]) => {
      const built = path.replace(/\/src\/(.*)\.ts$/, '/dist/$1.js')
      return [pathToFileURL(built).href, withoutTypes(mutant, text)]
    }),
  )
}

function withoutTypes({ name }: Mutant, text: string): string {
  try {
    return transformSync(text, {
      loader: 'ts',
      target: 'es2023',
      logLevel: 'silent',
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    }).code
  } catch (error) {
    throw new StaleMutant(`mutant ${name} makes no TypeScript: ${(error as Error).message}`)
  }
}

async function check(
  primitive: string,
  budget: string,
  shrink: string,
  replaced: Record<string, string>,
): Promise<{ stdout: string; code: number | string }> {
  const args = ['--import', REPLACE, CLI, 'check', primitive, '--budget', budget]
  args.push('--shrink', shrink, '--seed', '1', '--json', '-')
  const env = { ...process.env, [REPLACED]: JSON.stringify(replaced) }
  try {
    const { stdout } = await run(process.execPath, args, { env, maxBuffer: LARGEST_REPORT })
    return { stdout, code: 0 }
  } catch (error) {
    return error as { stdout: string; code: number | string }
  }
}
