import fc from 'fast-check'
import { programs, type Ingredients } from '../program/arbitrary.ts'
import type { Program } from '../program/program.ts'
import { runProgram, type Bench, type Run } from './run-program.ts'
import { add, emptyTally, type Tally } from './tally.ts'

/** Smaller programs are tried for so long, each so often: real runs do not fail every time. */
const SHRINKING_MS = 15_000
const SHRINKING_RUNS = 4

export interface SessionOptions extends Ingredients {
  readonly seed: number
  readonly budgetMs: number
}

export interface Failure {
  readonly program: Program
  readonly run: Run
  /** How many programs had held before. */
  readonly after: number
  /** How many smaller ones failed, each smaller than the one before. */
  readonly shrinks: number
}

export interface Session {
  readonly tallies: { readonly thread: Tally; readonly process: Tally }
  readonly unknown: readonly string[]
  readonly failure: Failure | null
  readonly elapsedMs: number
}

/**
 * Runs random programs until the budget is spent or one fails, and then smaller ones. The same seed
 * gives the same programs; how the threads and processes of one interleave differs every time.
 */
export async function runSession(
  bench: Bench,
  { seed, budgetMs, ...ingredients }: SessionOptions,
  onProgress: (tallies: Session['tallies']) => void,
): Promise<Session> {
  const tallies = { thread: emptyTally(), process: emptyTally() }
  const unknown: string[] = []
  const start = performance.now()
  let failure: Failure | null = null
  let shrinkUntil = Infinity

  const holds = async (program: Program): Promise<boolean> => {
    const run = await runProgram(bench, program)
    if (failure === null) {
      add(tallies[program.scope], program, run)
      unknown.push(...run.unknown)
      onProgress(tallies)
    }
    if (run.violations.length === 0) return true
    failure =
      failure === null
        ? { program, run, after: tallies.thread.programs + tallies.process.programs - 1, shrinks: 0 }
        : { ...failure, program, run, shrinks: failure.shrinks + 1 }
    return false
  }

  const property = fc.asyncProperty(programs(ingredients), async (program) => {
    if (failure === null) {
      if (performance.now() - start > budgetMs) fc.pre(false)
      if (await holds(program)) return true
      shrinkUntil = performance.now() + SHRINKING_MS
      return false
    }
    for (let i = 0; i < SHRINKING_RUNS && performance.now() < shrinkUntil; i++) {
      if (!(await holds(program))) return false
    }
    return true
  })
  await fc.check(property, { seed, numRuns: 1e9, maxSkipsPerRun: 0 })
  return { tallies, unknown, failure, elapsedMs: performance.now() - start }
}
