import { modelOf, type Algorithm } from './algorithm.ts'
import type { Memory } from './memory.ts'
import type { Faults } from './model.ts'
import { bounded, complete } from './search/bounded.ts'
import { budgetOf } from './search/budget.ts'
import { Explorer, type Search } from './search/explorer.ts'
import { samples } from './search/samples.ts'
import type { Strategy } from './search/strategies.ts'
import type { Strategy as Searching } from './search/strategy.ts'
import { drawTimeline } from './story/draw.ts'
import { follow, type Timeline } from './story/timeline.ts'
import { readToken, writeToken } from './story/token.ts'

export interface CheckOptions {
  /** All schedules with at most this many preemptions, and those with fewer first; default 2. */
  readonly preemptions?: number
  /** After them every schedule: the complete graph of states. Default false. */
  readonly complete?: boolean
  /** After that random schedules, this many of each of five kinds; default 500. */
  readonly schedules?: number
  /** Seed of the random schedules; default 1. */
  readonly seed?: number
  /** These strategies, in this order, in place of all that the options above say. */
  readonly strategies?: readonly Strategy[]
  /** For how many milliseconds it searches at most; default 10,000. */
  readonly budgetMs?: number
  /** How many threads may die, each at any step; default 0. */
  readonly deaths?: number
  /** How many sleeps may end for no reason; default 0. */
  readonly spurious?: number
}

/** What an exploration has come to. */
export interface Report {
  /** Nothing is wrong in all that was to be covered. False, too, if the budget ran out before. */
  readonly held: boolean
  /** `not done`: it has found nothing, and the budget ran out. */
  readonly verdict: 'held' | 'violated' | 'not done'
  /** What each strategy covered, exactly: one sentence for each that found nothing. */
  readonly coverage: readonly string[]
  /** What is wrong; null if nothing was found. */
  readonly failure: Failure | null
  /** All of it, for people. */
  toString(): string
}

/** A schedule under which a law is broken, with the fewest preemptions that were found to do. */
export interface Failure {
  /** Which law, and by which thread. */
  readonly verdict: string
  readonly preemptions: number
  /** What happened; `toString` of the report draws it with one column for each thread. */
  readonly timeline: Timeline
  /** The schedule, for `replay`. */
  readonly token: string
}

/**
 * Explores an algorithm over a simulated memory, one operation of one thread at a time: under all
 * schedules with few preemptions, then under random ones, or as `options` say.
 *
 * @throws TypeError or RangeError for what cannot be explored
 */
export function check<T = Memory>(algorithm: Algorithm<T>, options: CheckOptions = {}): Report {
  const faults = faultsOf(options)
  const strategies = strategiesOf(options)
  const { budgetMs = 10_000 } = options
  if (!(budgetMs > 0)) throw new RangeError(`budgetMs must be more than 0: ${String(budgetMs)}`)
  return surrounded(algorithm, () => {
    const explorer = new Explorer()
    const found = explorer.search(modelOf(algorithm, faults), strategies, budgetOf(budgetMs))
    const coverage = coverageOf(found)
    if (found.finding === null) return nothingFound(found, strategies, coverage)
    const { model, finding } = explorer.simplest(found, budgetOf(budgetMs))
    const timeline = follow(model, finding!.schedule)
    return violated(timeline, writeToken(faults, finding!.schedule), coverage)
  })
}

/**
 * Does one schedule again, step by step. If the algorithm has changed since, the report says how many
 * steps could not be taken.
 *
 * @throws TypeError for what is no token of a report
 */
export function replay<T = Memory>(algorithm: Algorithm<T>, token: string): Report {
  const { faults, schedule } = readToken(token)
  return surrounded(algorithm, () => {
    const timeline = follow(modelOf(algorithm, faults), schedule)
    if (timeline.verdict !== null) return violated(timeline, token, [])
    const skipped =
      timeline.skipped > 0 ? `; ${timeline.skipped} of its steps could not be taken` : ''
    return reportOf('held', [`one schedule, ${schedule.length} steps${skipped}`], null)
  })
}

function surrounded<T, R>({ surroundings }: Algorithm<T>, call: () => R): R {
  if (surroundings === undefined) return call()
  const restore = surroundings.install()
  try {
    return call()
  } finally {
    restore()
  }
}

function faultsOf({ deaths = 0, spurious = 0 }: CheckOptions): Faults {
  integer('deaths', deaths, 0, 9)
  integer('spurious', spurious, 0, 9)
  return { crashes: deaths, spurious }
}

function strategiesOf(options: CheckOptions): readonly Searching[] {
  const { preemptions = 2, schedules = 500, seed = 1, strategies } = options
  if (strategies !== undefined) {
    if (isList(strategies)) return strategies
    const given = JSON.stringify(strategies)
    throw new TypeError(
      `strategies must be a list of at least one, as complete and pct(): ${given}`,
    )
  }
  integer('preemptions', preemptions, 0, 50)
  integer('schedules', schedules, 0, 1e9)
  integer('seed', seed, 0, 0x7fffffff)
  return [
    ...Array.from({ length: preemptions + 1 }, (_, bound) => bounded(bound)),
    ...(options.complete === true ? [complete] : []),
    ...(schedules > 0 ? samples(seed, schedules) : []),
  ]
}

function isList(all: readonly Strategy[]): all is readonly Searching[] {
  return (
    Array.isArray(all) &&
    all.length > 0 &&
    all.every((one) => typeof (one as Partial<Searching>).search === 'function')
  )
}

function integer(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new RangeError(`${name} must be an integer from ${min} to ${max}: ${String(value)}`)
}

/** A higher bound says what the lower ones do; the sentences of all strategies stay in the order. */
function nothingFound(
  { outcomes }: Search,
  strategies: readonly Searching[],
  coverage: readonly string[],
): Report {
  const isDone = outcomes.length === strategies.length && outcomes.every((one) => one.complete)
  return reportOf(isDone ? 'held' : 'not done', coverage, null)
}

function coverageOf({ outcomes }: Pick<Search, 'outcomes'>): string[] {
  return outcomes
    .filter(({ finding }) => finding === null)
    .map(({ strategy, covered, states, complete: is }) =>
      is && states > 0 ? covered : `${strategy}: ${covered}`,
    )
}

function violated(timeline: Timeline, token: string, coverage: readonly string[]): Report {
  const { verdict, preemptions } = timeline
  return reportOf('violated', coverage, { verdict: verdict ?? '', preemptions, timeline, token })
}

function reportOf(
  verdict: Report['verdict'],
  coverage: readonly string[],
  failure: Failure | null,
): Report {
  return {
    held: verdict === 'held',
    verdict,
    coverage,
    failure,
    toString() {
      const head = verdict.toUpperCase()
      if (failure === null) return [head, ...coverage.map((line) => `  ${line}`)].join('\n')
      const timeline = drawTimeline(failure.timeline)
      return [`${head}: ${failure.verdict}`, '', ...timeline, '', `token: '${failure.token}'`].join(
        '\n',
      )
    },
  }
}
