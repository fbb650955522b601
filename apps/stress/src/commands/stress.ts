import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { processScope } from '@ipc/core'
import { checkPlanted, PLANTED_NAMES } from '../planted/planted.ts'
import { replayCommand } from '../program/token.ts'
import { describeFailure } from '../report/failure.ts'
import { Progress } from '../report/progress.ts'
import { summary as summaryOf } from '../report/summary.ts'
import { seconds } from '../report/table.ts'
import { withBenches } from '../run/bench.ts'
import { runSession, type Session, type SessionOptions } from '../run/session.ts'
import { durationMs, integer, usage, UsageError } from '../usage.ts'

export const summary = 'random programs on real threads and processes, some of them killed'

const HELP = `usage: stress stress [options]

Runs random programs over Lock, Semaphore and Event on real workers and processes, kills some of
them, and checks what they did. Ends with exit code 0 if all held, 1 if not.

  --budget 40s       for how long (500ms, 40s, 2m)
  --seed N           the same programs again (threads interleave as they like)
  --workers N        at most so many workers in a program (default 4)
  --processes N      at most so many processes (default 3; 0: thread scope only)
  --kill, --no-kill  whether agents are killed, stopped, and leave in the middle (default: yes)
  --shrink 15s       for how long smaller programs are tried when one has failed
  --planted NAME     with a bug that must be found: ${PLANTED_NAMES.join(', ')}
  --json FILE        writes what was run and what came of it
`

/** Programs that run at a time; agents sleep more than they work. */
const LANES = 2

interface Options extends SessionOptions {
  readonly planted: string | undefined
  readonly json: string | undefined
}

export async function run(argv: readonly string[]): Promise<number> {
  const options = parse(argv)
  if (options === null) {
    process.stdout.write(HELP)
    return 0
  }
  console.error(announce(options))
  const session = await withBenches(LANES, options, options.planted, (benches) =>
    runSession(benches, options, new Progress(options.budgetMs)),
  )
  const verdict = judge(session, options)
  console.log(`${summaryOf(session)}\n`)
  if (session.failure !== null) {
    const { program, run: failed, after, shrinks } = session.failure
    console.log(`${describeFailure(program, failed, options.planted)}\n`)
    console.log(
      `Program ${after + 1} failed; ${shrinks} smaller ones did too, of which this is the smallest.\n` +
        'Real runs are not deterministic: there may be a smaller one, and a replay may need some runs.\n',
    )
  }
  for (const text of session.unknown) console.log(`UNKNOWN: ${text}`)
  console.log(`${verdict.text} (seed ${options.seed})`)
  if (options.json !== undefined) writeJson(options.json, options, session, verdict)
  return verdict.held ? 0 : 1
}

function parse(argv: readonly string[]): Options | null {
  const { values } = usage(() =>
    parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h' },
        budget: { type: 'string', default: '40s' },
        shrink: { type: 'string', default: '15s' },
        seed: { type: 'string' },
        workers: { type: 'string', default: '4' },
        processes: { type: 'string' },
        kill: { type: 'boolean' },
        'no-kill': { type: 'boolean', default: false },
        planted: { type: 'string' },
        json: { type: 'string' },
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
  return {
    budgetMs: durationMs('--budget', values.budget),
    shrinkMs: durationMs('--shrink', values.shrink),
    seed:
      values.seed === undefined
        ? Math.floor(Math.random() * 0x7fffffff)
        : integer('--seed', values.seed, 0, 0x7fffffff),
    workers,
    processes,
    faults: !values['no-kill'],
    planted: checkPlanted(values.planted),
    json: values.json,
  }
}

function processesOf(text: string | undefined): number {
  if (text === undefined) return processScope.supported ? 3 : 0
  const processes = integer('--processes', text, 0, 8)
  if (processes === 0 || processScope.supported) return processes
  throw new UsageError(`--processes ${processes}: ${processScope.reason}`)
}

function announce({ budgetMs, seed, workers, processes, faults, planted }: Options): string {
  const agents = `up to ${workers} workers and ${processes} processes`
  const dying = faults ? 'some of them killed' : 'nobody killed'
  const bug = planted === undefined ? '' : `; planted: ${planted}`
  const scope = processes > 0 ? '' : `; thread scope only${why()}`
  return `stress: ${agents}, ${dying}, for ${seconds(budgetMs)}, seed ${seed}${bug}${scope}`
}

function why(): string {
  return processScope.supported ? '' : `, ${processScope.reason}`
}

interface Verdict {
  readonly held: boolean
  readonly text: string
}

function judge({ tallies, failure, unknown }: Session, { workers, processes }: Options): Verdict {
  const { thread, process } = tallies
  if (failure !== null) {
    return { held: false, text: `VIOLATED: ${failure.run.violations[0]!.law}` }
  }
  if (unknown.length > 0) {
    return { held: false, text: `UNKNOWN: ${unknown.length} histories were too much to check` }
  }
  if ((workers > 0 && thread.programs === 0) || (processes > 0 && process.programs === 0)) {
    return { held: false, text: 'NOT DONE: the budget was too short to run programs of all scopes' }
  }
  return { held: true, text: 'HELD: every law, in every program that was run' }
}

function writeJson(file: string, options: Options, session: Session, verdict: Verdict): void {
  const { failure, tallies, unknown, elapsedMs } = session
  const { seed, workers, processes, faults, planted } = options
  const failed = failure && {
    violations: failure.run.violations.map(({ law, object, text }) => ({ law, object, text })),
    replay: replayCommand({ program: failure.program, planted }),
    program: failure.program,
  }
  const ran = { seed, workers, processes, faults, planted, elapsedMs, tallies, unknown }
  writeFileSync(file, JSON.stringify({ ...verdict, ...ran, failure: failed }, null, 2) + '\n')
}
