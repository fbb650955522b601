import type { Memory } from '@ipc/core'
import { drawTimeline } from '../explore/draw.ts'
import { inMacrotask } from '../explore/event-loop.ts'
import type { Program } from '../explore/program.ts'
import { modelOf } from '../explore/program.ts'
import { budgetUntil, samples, search, simplest, type Search } from '../explore/search.ts'
import { bounded, complete } from '../explore/strategies/bounded.ts'
import type { Strategy } from '../explore/strategies/strategy.ts'
import { follow, type Timeline } from '../explore/timeline.ts'
import { readSchedule, writeSchedule } from '../explore/token.ts'
import { subjectOf, type Algorithm } from './algorithm.ts'

export interface CheckOptions {
  /** All schedules with at most so many preemptions; default 2. */
  readonly preemptions?: number
  /** Every schedule: the complete state graph. Default false. */
  readonly complete?: boolean
  /** Random schedules of each of five kinds, after that; default 500. */
  readonly schedules?: number
  /** Of the random schedules; default 1. */
  readonly seed?: number
  /** For how long at most, in milliseconds; default 10,000. */
  readonly budgetMs?: number
  /** So many threads may die, each at any step; default 0. */
  readonly crashes?: number
  /** So many sleeps may end for no reason; default 0. */
  readonly spurious?: number
  /** This schedule only, which a result named. */
  readonly schedule?: string
}

export interface Checked {
  /** `not done`: nothing was found, and the budget ran out. */
  readonly verdict: 'held' | 'violated' | 'not done'
  /** What is wrong, or what was covered. */
  readonly text: string
  /** What each strategy covered, exactly. */
  readonly covered: readonly string[]
  /** What happened, if something is wrong. */
  readonly timeline: Timeline | null
  /** For the option of this name; null if nothing is wrong. */
  readonly schedule: string | null
  /** All of it, for people: the timeline has one column per thread. */
  toString(): string
}

/**
 * Explores an algorithm over simulated memory: its threads one operation at a time, under all
 * schedules with few preemptions, then under random ones.
 *
 * @throws TypeError or RangeError for what cannot be explored
 */
export async function check<T = Memory>(
  algorithm: Algorithm<T>,
  options: CheckOptions = {},
): Promise<Checked> {
  const { crashes = 0, spurious = 0, schedule } = options
  whole('crashes', crashes, 0, 9)
  whole('spurious', spurious, 0, 9)
  const subject = subjectOf(algorithm)
  const program: Program = {
    subject,
    agents: subject.threads.map((name) => [name]),
    faults: { crashes, spurious },
    endless: false,
  }
  if (schedule !== undefined) return replay(program, schedule)
  const strategies = strategiesOf(options)
  const { budgetMs = 10_000 } = options
  if (!(budgetMs > 0)) throw new RangeError(`budgetMs must be more than 0: ${String(budgetMs)}`)
  return inMacrotask(() => {
    const deadline = performance.now() + budgetMs
    const found = search(program, strategies, budgetUntil(deadline))
    if (found.finding === null) return nothingFound(found, strategies)
    const simple = simplest(found, budgetUntil(performance.now() + budgetMs))
    const actions = simple.finding!.schedule
    return violated(follow(modelOf(program), actions), writeSchedule(actions), coveredBy(found))
  })
}

function strategiesOf(options: CheckOptions): Strategy[] {
  const { preemptions = 2, schedules = 500, seed = 1 } = options
  whole('preemptions', preemptions, 0, 50)
  whole('schedules', schedules, 0, 1e9)
  whole('seed', seed, 0, 0x7fffffff)
  return [
    ...Array.from({ length: preemptions + 1 }, (_, bound) => bounded(bound)),
    ...(options.complete === true ? [complete] : []),
    ...(schedules > 0 ? samples(seed, schedules) : []),
  ]
}

function whole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new RangeError(`${name} must be an integer from ${min} to ${max}: ${String(value)}`)
}

function replay(program: Program, schedule: string): Promise<Checked> {
  const actions = readSchedule(schedule)
  if (actions === null) throw new TypeError(`not a schedule that check() named: ${schedule}`)
  return inMacrotask(() => {
    const timeline = follow(modelOf(program), actions)
    if (timeline.verdict !== null) return violated(timeline, schedule, [])
    return checked('held', 'nothing is wrong under this schedule', [], null, null)
  })
}

function nothingFound({ outcomes }: Search, strategies: readonly Strategy[]): Checked {
  const covered = coveredBy({ outcomes })
  const isDone = outcomes.length === strategies.length && outcomes.every((one) => one.complete)
  // A higher bound says what the lower ones do.
  const last = outcomes.findLast(({ states, complete: is }) => is && states > 0)
  const text = last === undefined ? 'the budget ran out before anything was covered' : last.covered
  return checked(isDone ? 'held' : 'not done', text, covered, null, null)
}

function coveredBy({ outcomes }: Pick<Search, 'outcomes'>): string[] {
  return outcomes
    .filter(({ finding }) => finding === null)
    .map(({ strategy, covered }) => `${strategy}: ${covered}`)
}

function violated(timeline: Timeline, schedule: string, covered: readonly string[]): Checked {
  return checked('violated', timeline.verdict ?? '', covered, timeline, schedule)
}

function checked(
  verdict: Checked['verdict'],
  text: string,
  covered: readonly string[],
  timeline: Timeline | null,
  schedule: string | null,
): Checked {
  return {
    verdict,
    text,
    covered,
    timeline,
    schedule,
    toString() {
      const head = `${verdict.toUpperCase()}: ${text}`
      if (timeline === null) return head
      return [head, '', ...drawTimeline(timeline), '', `schedule: '${schedule}'`].join('\n')
    },
  }
}
