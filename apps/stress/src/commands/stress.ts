import { parseArgs } from 'node:util'
import { processScope } from '@ipc/core'
import { checkPlanted, PLANTED_NAMES } from '../real/planted/planted.ts'
import { coverageTable } from '../report/coverage.ts'
import { describeExplored } from '../report/explored.ts'
import { Output, OUTPUT_HELP, OUTPUT_OPTIONS, type Result } from '../report/output.ts'
import { describeReal } from '../report/real.ts'
import { summary as summaryOf } from '../report/summary.ts'
import { seconds } from '../report/table.ts'
import { signalSummary } from '../signals/report.ts'
import { durationMs, integer, seedOf, usage, UsageError } from '../usage.ts'
import { runReal, type RealHalf, type RealOptions } from './run-real.ts'
import { primitives, surveyAll, type Surveyed } from './survey-all.ts'

export const summary =
  'both halves: random programs on real threads and processes, some killed; then exploration'

const HELP = `usage: stress stress [options]

The real half runs random programs over all primitives on real workers and processes, kills some
of them, and checks what they did; and programs of signals between processes, against
what POSIX allows. The exploring half runs the shipped code over a
simulated memory, under chosen schedules: as much of each primitive's catalogue as there is time for,
which the table at the end says exactly.

  --budget 60s       for how long in all (500ms, 60s, 2m)
  --seed N           the same programs again (real threads interleave as they like)
  --half both        or real, or explored: then it has all of the time
  --workers N        at most so many workers in a program (default 4)
  --processes N      at most so many processes (default 3; 0: thread scope only)
  --kill, --no-kill  whether agents are killed, stopped, and leave in the middle (default: yes)
  --shrink 15s       for how long smaller programs are tried when one has failed
  --explore 15s      for how long the one that failed is explored
  --planted NAME     with a bug that must be found: ${PLANTED_NAMES.join(', ')}; real half only
${OUTPUT_HELP}

Exit code 0: programs of every scope and primitive were run and every primitive was explored, and
all laws held. 1: one did not, or a history could not be decided, or there was no time for all.
`

/** When both halves run, real runs get this share of the budget. */
const REAL_SHARE = 0.5

const HALVES = ['both', 'real', 'explored'] as const
type Half = (typeof HALVES)[number]

interface Options extends RealOptions {
  readonly half: Half
}

export async function run(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv)
  if (parsed === null) {
    process.stdout.write(HELP)
    return 0
  }
  const { options, files } = parsed
  const output = new Output('stress', argv, files)
  const { half, budgetMs, seed } = options
  const share = half === 'both' ? budgetMs * REAL_SHARE : budgetMs

  const real = half === 'explored' ? null : await runReal({ ...options, budgetMs: share }, output)
  const goesOn = real?.failure === null || real === null
  const surveyed =
    half === 'real' || !goesOn ? null : await explore(budgetMs - (real ? share : 0), seed, output)
  const result = judge(real, surveyed, seed)
  print(real, surveyed, output)
  output.say(`${result.text} (seed ${seed})`)
  return output.finish(result)
}

function explore(budgetMs: number, seed: number, output: Output): Promise<Surveyed> {
  const names = primitives([])
  process.stderr.write(`exploring: ${names.join(', ')}, for ${seconds(budgetMs)}\n`)
  return surveyAll(names, { budgetMs, seed, goesOn: false }, output)
}

function print(real: RealHalf | null, surveyed: Surveyed | null, output: Output): void {
  if (real !== null) output.say(`${summaryOf(real.runs.tallies, real.runs.elapsedMs)}\n`)
  if (real?.runs.signals) output.say(`${signalSummary(real.runs.signals)}\n`)
  if (surveyed !== null) output.say(`${coverageTable(surveyed.coverage)}\n`)
  if (real?.failure) {
    const { after, shrinks } = real.failure
    output.say(`${describeReal(real.failure)}\n`)
    output.say(
      `Program ${after + 1} failed; ${shrinks} smaller ones did too, of which this is the smallest.\n` +
        'Real runs are not deterministic: there may be a smaller one, and a replay may need some runs.\n',
    )
  }
  for (const failure of surveyed?.failures ?? []) {
    output.say(`${describeExplored(failure).join('\n')}\n`)
  }
  for (const text of real?.runs.unknown ?? []) output.say(`UNKNOWN: ${text}`)
}

function judge(real: RealHalf | null, surveyed: Surveyed | null, seed: number): Result {
  const failures = [...(real?.failure ? [real.failure] : []), ...(surveyed?.failures ?? [])]
  const all = { seed, failures, runs: real?.runs ?? null, coverage: surveyed?.coverage ?? [] }
  if (failures[0] !== undefined) {
    const text = `VIOLATED: ${failures[0].verdict}`
    return { ...all, verdict: 'violated', text, exitCode: 1 }
  }
  const unknown = real?.runs.unknown.length ?? 0
  if (unknown > 0) {
    const text = `UNKNOWN: ${unknown} histories were too much to check`
    return { ...all, verdict: 'unknown', text, exitCode: 1 }
  }
  const missing = all.coverage.filter(({ bounds }) => bounds[0]!.programs === 0)
  if (real?.isDone === false || missing.length > 0) {
    const what = real?.isDone === false ? 'to run programs of all kinds' : 'for every primitive'
    const text = `NOT DONE: the budget was too short ${what}`
    return { ...all, verdict: 'not done', text, exitCode: 1 }
  }
  const ran = real === null ? [] : ['every program that was run']
  const explored = surveyed === null ? [] : ['all that was explored']
  const isCut = all.coverage.some(({ isWhole }) => !isWhole)
  const rest = isCut ? '; the table says how much of the catalogue there was time for' : ''
  const text = `HELD: every law, in ${[...ran, ...explored].join(' and ')}${rest}`
  return { ...all, verdict: 'held', text, exitCode: 0 }
}

function parse(argv: readonly string[]): {
  options: Options
  files: { json?: string | undefined; html?: string | undefined }
} | null {
  const { values } = usage(() =>
    parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h' },
        budget: { type: 'string', default: '60s' },
        shrink: { type: 'string', default: '15s' },
        explore: { type: 'string', default: '15s' },
        seed: { type: 'string' },
        half: { type: 'string' },
        workers: { type: 'string', default: '4' },
        processes: { type: 'string' },
        kill: { type: 'boolean' },
        'no-kill': { type: 'boolean', default: false },
        planted: { type: 'string' },
        ...OUTPUT_OPTIONS,
      },
    }),
  )
  if (values.help === true) return null
  if (values.kill === true && values['no-kill']) {
    throw new UsageError('--kill and --no-kill exclude each other')
  }
  const workers = integer('--workers', values.workers, 0, 8)
  const processes = processesOf(values.processes)
  if (workers + processes < 2) throw new UsageError('it takes two: --workers or --processes')
  const planted = checkPlanted(values.planted)
  return {
    files: values,
    options: {
      budgetMs: durationMs('--budget', values.budget),
      shrinkMs: durationMs('--shrink', values.shrink),
      exploreMs: durationMs('--explore', values.explore),
      seed: seedOf(values.seed),
      half: halfOf(values.half, planted),
      workers,
      processes,
      faults: !values['no-kill'],
      planted,
    },
  }
}

/** Bugs are planted in real runs. */
function halfOf(text: string | undefined, planted: string | undefined): Half {
  const half = HALVES.find((one) => one === text)
  if (text !== undefined && half === undefined) {
    throw new UsageError(`--half must be one of ${HALVES.join(', ')}: ${text}`)
  }
  if (planted === undefined) return half ?? 'both'
  if (half !== undefined && half !== 'real') {
    throw new UsageError(`--planted is for the real half: not with --half ${half}`)
  }
  return 'real'
}

function processesOf(text: string | undefined): number {
  if (text === undefined) return processScope.supported ? 3 : 0
  const processes = integer('--processes', text, 0, 8)
  if (processes === 0 || processScope.supported) return processes
  throw new UsageError(`--processes ${processes}: ${processScope.reason}`)
}
