import { modelOf } from '../explore/program.ts'
import {
  budgetUntil,
  FEW_PREEMPTIONS,
  samples,
  search,
  simplest,
  type Search,
} from '../explore/search.ts'
import { follow, type Timeline } from '../explore/timeline.ts'
import { inMacrotask } from '../explore/event-loop.ts'
import {
  fromToken as fromRealToken,
  toToken as toRealToken,
  type Replay,
} from '../program/token.ts'
import type { Action } from '../explore/action.ts'
import { readSchedule, writeSchedule } from '../explore/token.ts'
import { UsageError } from '../usage.ts'
import { differences, obstacles, translate } from './translate.ts'

/** A program of a real run with a schedule of the explorer: `r:<rounds>:<token>~<schedule>`. */
export interface ScheduledReal {
  readonly real: Replay
  readonly rounds: number
  readonly schedule: readonly Action[]
}

const PREFIX = 'r:'
const SCHEDULES = 2000
const SIMPLIFY_MS = 5000

export function isScheduledToken(token: string): boolean {
  return token.startsWith(PREFIX)
}

export function toScheduledToken({ real, rounds, schedule }: ScheduledReal): string {
  return `${PREFIX}${rounds}:${toRealToken(real)}~${writeSchedule(schedule)}`
}

/** @throws UsageError for what is no token */
export function fromScheduledToken(token: string): ScheduledReal {
  const match = /^r:(\d{1,3}):([\w-]+)~(.*)$/.exec(token)
  const schedule = match === null ? null : readSchedule(match[3]!)
  if (match === null || schedule === null || Number(match[1]) < 1) {
    throw new UsageError(`not a token that stress printed: ${token.slice(0, 40)}`)
  }
  const real = fromRealToken(match[2]!)
  if (obstacles(real.program).length > 0) {
    throw new UsageError(`a program that cannot be explored: ${token.slice(0, 40)}`)
  }
  return { real, rounds: Number(match[1]), schedule }
}

/** What came of exploring a real program. */
export interface ExploredReal {
  /** Why it cannot be explored; then nothing was done. */
  readonly obstacles: readonly string[]
  readonly differences: readonly string[]
  /** What was covered, if nothing was found. */
  readonly covered: string
  readonly found: (ScheduledReal & { readonly search: Search; readonly timeline: Timeline }) | null
}

/** Looks for a schedule under which the same program fails, with few rounds first. */
export async function exploreReal(
  real: Replay,
  { budgetMs, seed, tick }: { budgetMs: number; seed: number; tick: (doing: string) => void },
): Promise<ExploredReal> {
  const { program } = real
  const reasons = obstacles(program)
  if (reasons.length > 0) return { obstacles: reasons, differences: [], covered: '', found: null }
  const deadline = performance.now() + budgetMs
  const most = Math.max(...program.agents.map(({ rounds }) => rounds))
  let covered = 'nothing: there was no time'
  for (const rounds of [1, 2, 3, most].filter(
    (some, i, all) => some <= most && all.indexOf(some) === i,
  )) {
    const left = deadline - performance.now()
    if (left <= 0) break
    // What is longer has the rest of the time.
    const budget = budgetUntil(rounds === most ? deadline : performance.now() + left / 2)
    const ticking = {
      ...budget,
      over: () => {
        tick(`the same program explored, rounds: ${rounds} of ${most}`)
        return budget.over()
      },
    }
    const explored = translate(real, rounds)
    const strategies = [...FEW_PREEMPTIONS, ...samples(seed, SCHEDULES)]
    // oxlint-disable-next-line no-await-in-loop -- fewer rounds first
    const result = await inMacrotask(() => search(explored, strategies, ticking))
    if (result.finding !== null) {
      // oxlint-disable-next-line no-await-in-loop -- the last one
      const {
        search: simple,
        schedule,
        timeline,
      } = await inMacrotask(() => {
        const simplified = simplest(result, budgetUntil(performance.now() + SIMPLIFY_MS))
        const actions = simplified.finding!.schedule
        const shown = follow(modelOf(explored), actions)
        return { search: simplified, schedule: actions, timeline: shown }
      })
      const found = { real, rounds, schedule, search: simple, timeline }
      return { obstacles: [], differences: differences(program, rounds), covered: '', found }
    }
    const last = result.outcomes.findLast(({ complete, states }) => complete && states > 0)
    if (last !== undefined) covered = `${rounds} of ${most} rounds, ${last.covered}`
  }
  return { obstacles: [], differences: differences(program, most), covered, found: null }
}

/** Does it again, step by step. */
export function followReal({ real, rounds, schedule }: ScheduledReal): Promise<Timeline> {
  return inMacrotask(() => follow(modelOf(translate(real, rounds)), schedule))
}
