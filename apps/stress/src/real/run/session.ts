import * as fc from 'fast-check'
import { programs, type Ingredients } from '../program/arbitrary.ts'
import { canShow } from '../planted/planted.ts'
import type { Program } from '../program/program.ts'
import { runProgram, type Bench, type Run } from './run-program.ts'
import { add, emptyTally, hasAll, type Tallies } from './tally.ts'

/** Each smaller program is tried this many times, as real runs do not fail every time. */
const SHRINKING_RUNS = 4

/**
 * A session that has not yet run every scope and primitive goes on for at most this many times its budget.
 */
const MOST_OVER = 3

/** The distance between the seeds of two lanes. */
const LANE = 1_000_003

export interface SessionOptions extends Ingredients {
  readonly seed: number
  readonly budgetMs: number
  /** When a program has failed, smaller ones are tried for at most this long. */
  readonly shrinkMs: number
}

export interface Failure {
  readonly program: Program
  readonly run: Run
  /** How many programs held before. */
  readonly after: number
  /** How many smaller ones failed, each smaller than the one before. */
  readonly shrinks: number
}

export interface Session {
  readonly tallies: Tallies
  readonly unknown: readonly string[]
  readonly failure: Failure | null
  readonly elapsedMs: number
}

/**
 * Runs random programs until the budget is spent, nobody wants more, or one fails; after a failure it tries
 * smaller ones. The same seed gives the same programs; how the threads and processes of one interleave
 * differs every time. From time to time `show` is told what was done.
 *
 * Each bench is a lane with programs of its own, because agents sleep most of the time.
 */
export async function runSession(
  benches: readonly Bench[],
  options: SessionOptions,
  show: (tallies: Tallies) => void,
  isWanted: () => boolean,
): Promise<Session> {
  await Promise.all(benches.map(({ pool }) => pool.ready))
  const sofar = new Sofar(options, show, isWanted)
  await Promise.all(benches.map((bench, lane) => runLane(bench, lane, options, sofar)))
  const { tallies, unknown, failure, elapsedMs } = sofar
  return { tallies, unknown, failure, elapsedMs }
}

async function runLane(
  bench: Bench,
  lane: number,
  { seed, ...ingredients }: SessionOptions,
  sofar: Sofar,
): Promise<void> {
  let failed = false // in this lane, so the programs that follow are smaller ones
  const able = programs(ingredients).filter((program) => canShow(program, bench.planted))
  const property = fc.asyncProperty(able, async (program) => {
    if (!failed) {
      fc.pre(sofar.goesOn)
      const run = await runProgram(bench, program)
      failed = sofar.note(program, run)
      return !failed
    }
    for (let i = 0; i < SHRINKING_RUNS && sofar.mayShrink; i++) {
      const run = await runProgram(bench, program)
      if (run.violations.length === 0) continue
      sofar.noteSmaller(program, run)
      return false
    }
    return true
  })
  await fc.check(property, { seed: seed + lane * LANE, numRuns: 1e9, maxSkipsPerRun: 0 })
}

/** The sum of what all lanes have done. */
class Sofar {
  readonly tallies: Tallies = { thread: emptyTally(), process: emptyTally() }
  readonly unknown: string[] = []
  failure: Failure | null = null
  elapsedMs = 0
  readonly #start = performance.now()
  readonly #options: SessionOptions
  readonly #show: (tallies: Tallies) => void
  readonly #isWanted: () => boolean

  constructor(options: SessionOptions, show: (tallies: Tallies) => void, isWanted: () => boolean) {
    this.#options = options
    this.#show = show
    this.#isWanted = isWanted
  }

  get goesOn(): boolean {
    if (this.failure !== null || !this.#isWanted()) return false
    const share = (performance.now() - this.#start) / this.#options.budgetMs
    return share < 1 || (share < MOST_OVER && !this.#hasAll)
  }

  get #hasAll(): boolean {
    return hasAll(this.tallies, this.#options)
  }

  get mayShrink(): boolean {
    return performance.now() - this.#start < this.elapsedMs + this.#options.shrinkMs
  }

  /** Whether this is the failure. */
  note(program: Program, run: Run): boolean {
    if (this.failure !== null) return false
    this.elapsedMs = performance.now() - this.#start
    const after = this.tallies.thread.programs + this.tallies.process.programs
    add(this.tallies[program.scope], program, run)
    this.unknown.push(...run.unknown)
    this.#show(this.tallies)
    if (run.violations.length === 0) return false
    this.failure = { program, run, after, shrinks: 0 }
    return true
  }

  noteSmaller(program: Program, run: Run): void {
    this.failure = { ...this.failure!, program, run, shrinks: this.failure!.shrinks + 1 }
  }
}
