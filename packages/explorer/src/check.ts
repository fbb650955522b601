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
  /** Whether every schedule follows after them: the complete graph of states. Default false. */
  readonly complete?: boolean
  /** After those it runs this many random schedules of each of five kinds; default 500. */
  readonly schedules?: number
  /** Seed of the random schedules; default 1. */
  readonly seed?: number
  /** These strategies, in this order, replace those that the options above choose. */
  readonly strategies?: readonly Strategy[]
  /** It searches for at most this many milliseconds; default 10,000. */
  readonly budgetMs?: number
  /** How many threads may die, each at any step; default 0. */
  readonly deaths?: number
  /** How many sleeps may end for no reason; default 0. */
  readonly spurious?: number
}

/** The outcome of an exploration. */
export interface Report {
  /** True if everything was covered and nothing is wrong. False, too, if the budget ran out before. */
  readonly held: boolean
  /** `not done` means that it found nothing before the budget ran out. */
  readonly verdict: 'held' | 'violated' | 'not done'
  /** One sentence for each strategy that found nothing: it says exactly what the strategy covered. */
  readonly coverage: readonly string[]
  /** The schedule that breaks a law; null if none was found. */
  readonly failure: Failure | null
  /** The whole report as text, for people. */
  toString(): string
}

/** A schedule under which a law is broken, with as few preemptions as the search could reduce it to. */
export interface Failure {
  /** A sentence that names the law that is broken, and the thread that breaks it. */
  readonly verdict: string
  readonly preemptions: number
  /** The steps that happened; `toString` of the report draws them with one column for each thread. */
  readonly timeline: Timeline
  /** The schedule, for `replay`. */
  readonly token: string
}

/**
 * Explores an algorithm over a simulated memory, one operation of one thread at a time: under all
 * schedules with few preemptions, then under random ones, or as `options` say.
 *
 * @throws TypeError or RangeError for an algorithm that cannot be explored
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
 * Runs one schedule again, step by step. If the algorithm has changed since, the report says how many steps
 * could not be taken.
 *
 * @throws TypeError for a string that is no token of a report
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

/**
 * A higher bound covers what the lower ones cover, so only its sentence stays; the sentences of all
 * strategies stay in order.
 */
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
