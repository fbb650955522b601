import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { processScope } from '@ipc/core'
import { MUTANTS } from '../museum/all.ts'
import type { Mutant } from '../museum/mutant.ts'
import { coverageTable } from '../report/coverage.ts'
import { describeExplored } from '../report/explored.ts'
import { Output, type Result } from '../report/output.ts'
import { describeReal } from '../report/real.ts'
import type { Failure, MutantResult, Report } from '../report/report.ts'
import { summary as summaryOf } from '../report/summary.ts'
import { signalSummary } from '../signals/report.ts'
import { durationMs, seedOf, usage, UsageError } from '../usage.ts'
import { examineMutants } from './examine-mutants.ts'
import { runReal, type RealHalf } from './run-real.ts'
import { primitives, surveyAll, type Surveyed } from './survey-all.ts'

export const summary =
  'for pipelines: both halves and planted bugs, with all results in a directory'

const HELP = `usage: stress ci --out DIR [options]

Explores every primitive, runs random programs on real threads and processes, and looks whether
planted bugs are found: as far as the budget goes, and goes on when something has failed.

  --out DIR          is made; gets results.json, report.html, and replay.txt with a command for each
                     failure
  --budget 10m       for how long in all
  --seed N           the same random programs again

Exit code 0: all three were done, and all laws held. 1: one did not, a planted bug was not found, or
a history could not be decided. 3: something was not done at all. How far each went is in the report.
`

/** These shares of the budget are for exploration and for real runs; the museum gets the rest. */
const EXPLORING = 0.4
const RUNNING = 0.35
/** One mutant gets at most this much time. */
const MUTANT_MS = 60_000
/** The program that finds a mutant is made smaller for at most this long. */
const SHRINK_MS = 5_000

export async function run(argv: readonly string[]): Promise<number> {
  const { values } = usage(() =>
    parseArgs({
      args: [...argv],
      options: {
        budget: { type: 'string', default: '10m' },
        seed: { type: 'string' },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  )
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const budgetMs = durationMs('--budget', values.budget)
  const seed = seedOf(values.seed)
  const out = directory(values.out)
  const output = new Output('ci', argv, {
    json: join(out, 'results.json'),
    html: join(out, 'report.html'),
  })
  const deadline = performance.now() + budgetMs

  const surveyed = await surveyAll(
    primitives([]),
    { budgetMs: budgetMs * EXPLORING, seed, goesOn: true },
    output,
  )
  output.say(`${coverageTable(surveyed.coverage)}\n`)
  for (const failure of surveyed.failures) output.say(`${describeExplored(failure).join('\n')}\n`)

  const real = await runReal(realOptions(seed, budgetMs * RUNNING), output)
  output.say(`${summaryOf(real.runs.tallies, real.runs.elapsedMs)}\n`)
  if (real.runs.signals !== null) output.say(`${signalSummary(real.runs.signals)}\n`)
  if (real.failure !== null) output.say(`${describeReal(real.failure)}\n`)

  const all = inOrderOf(seed)
  const examined = await examineMutants(
    all,
    { eachMs: MUTANT_MS, shrinkMs: SHRINK_MS, deadline },
    output,
  )

  const result = judge(surveyed, real, examined, {
    seed,
    mutantsLeft: all.length - examined.length,
  })
  writeFileSync(join(out, 'replay.txt'), result.failures.map((one) => `${one.replay}\n`).join(''))
  const exitCode = output.finish(result)
  output.say(`\n${result.text} (seed ${seed})\nresults: ${out}`)
  return exitCode
}

function directory(out: string | undefined): string {
  if (out === undefined || out === '') throw new UsageError('ci needs --out DIR, for its results')
  try {
    makeDirectory(resolve(out))
  } catch (error) {
    throw new UsageError(
      `--out ${out} cannot be made: ${(error as Error).message.split(',', 1)[0]}`,
    )
  }
  return out
}

/**
 * Makes the directories one after another: `recursive` never returns where nothing can be made, as in /proc.
 */
function makeDirectory(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return accessSync(path, constants.W_OK)
  if (path !== dirname(path)) makeDirectory(dirname(path))
  mkdirSync(path)
}

function realOptions(seed: number, budgetMs: number): Parameters<typeof runReal>[0] {
  const processes = processScope.supported ? 3 : 0
  const shrinkMs = Math.min(30_000, budgetMs / 4)
  return {
    seed,
    budgetMs,
    shrinkMs,
    exploreMs: Math.min(15_000, budgetMs / 4),
    workers: 4,
    processes,
    faults: true,
    planted: undefined,
  }
}

/** Begins with a different mutant each night, so that each has its turn. */
function inOrderOf(seed: number): Mutant[] {
  const first = seed % MUTANTS.length
  return [...MUTANTS.slice(first), ...MUTANTS.slice(0, first)]
}

function judge(
  { coverage, failures: explored }: Surveyed,
  real: RealHalf,
  examined: readonly MutantResult[],
  { seed, mutantsLeft }: { seed: number; mutantsLeft: number },
): Result & Pick<Report, 'failures'> {
  const failures: Failure[] = [...explored, ...(real.failure === null ? [] : [real.failure])]
  const all = { seed, failures, coverage, runs: real.runs, mutants: examined, mutantsLeft }
  const missed = examined.filter(({ found }) => !found)
  if (failures[0] !== undefined) {
    const text = `VIOLATED: ${failures.map(({ verdict }) => verdict).join('; ')}`
    return { ...all, verdict: 'violated', text, exitCode: 1 }
  }
  if (missed.length > 0) {
    const text = `VIOLATED: planted bugs were not found: ${missed.map(({ name }) => name).join(', ')}`
    return { ...all, verdict: 'violated', text, exitCode: 1 }
  }
  if (real.runs.unknown.length > 0) {
    const text = `UNKNOWN: ${real.runs.unknown.length} histories were too much to check`
    return { ...all, verdict: 'unknown', text, exitCode: 1 }
  }
  if (!real.isDone || examined.length === 0) {
    const what = real.isDone ? 'for a planted bug' : 'to run programs of all scopes'
    const text = `NOT DONE: the budget was too short ${what}`
    return { ...all, verdict: 'not done', text, exitCode: 3 }
  }
  const left = mutantsLeft === 0 ? '' : `; no time for ${mutantsLeft} more`
  const cut = coverage.filter(({ isWhole }) => !isWhole).map(({ primitive }) => primitive)
  const catalogue = cut.length === 0 ? '' : `; not the whole catalogue of ${cut.join(', ')}`
  const text = `HELD: every law in all that was explored and run; all ${examined.length} planted bugs that were examined were found${left}${catalogue}`
  return { ...all, verdict: 'held', text, exitCode: 0 }
}
