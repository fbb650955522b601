import { modelOf } from '../../subjects/program.ts'
import { FEW_PREEMPTIONS, ProgramExplorer, type Search } from '../../subjects/search.ts'
import {
  type Action,
  budgetUntil,
  follow,
  inMacrotask,
  readSchedule,
  samples,
  type Timeline,
  writeSchedule,
} from '@ipc/explorer/engine'
import {
  fromToken as fromRealToken,
  toToken as toRealToken,
  type Replay,
} from '../program/token.ts'
import { UsageError } from '../../usage.ts'
import { excerptsOf } from './excerpts.ts'
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

/** @throws UsageError for a string that is no token */
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

/** The result of exploring a real program. */
export interface ExploredReal {
  /** The reasons why it cannot be explored; then nothing was done. */
  readonly obstacles: readonly string[]
  readonly differences: readonly string[]
  /** A sentence that says what was covered, if nothing was found. */
  readonly covered: string
  readonly found: (ScheduledReal & { readonly search: Search; readonly timeline: Timeline }) | null
}

export interface ExploreRealOptions {
  readonly budgetMs: number
  readonly seed: number
  readonly tick: (doing: string) => void
  /** The tracks around which something went wrong: they are kept when not all tracks can be. */
  readonly around?: readonly number[]
}

/**
 * Searches for a schedule under which the same program fails; or, if it is too large to be explored, a part
 * of it.
 */
export async function exploreReal(
  real: Replay,
  options: ExploreRealOptions,
): Promise<ExploredReal> {
  const reasons = obstacles(real.program)
  if (reasons.length === 0) return explore(real, options)
  const excerpts = excerptsOf(real.program, options.around ?? [])
  const covered: string[] = []
  for (const { program, without } of excerpts) {
    const budgetMs = options.budgetMs / excerpts.length
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const explored = await explore({ ...real, program }, { ...options, budgetMs })
    const note = `without ${without}: ${reasons.join('; ')}`
    if (explored.found !== null) {
      return { ...explored, differences: [note, ...explored.differences] }
    }
    covered.push(`without ${without}: ${explored.covered}`)
  }
  const obstructed = covered.length === 0 ? reasons : []
  return { obstacles: obstructed, differences: reasons, covered: covered.join('; '), found: null }
}

/** Explores it with few rounds first. */
async function explore(
  real: Replay,
  { budgetMs, seed, tick }: ExploreRealOptions,
): Promise<ExploredReal> {
  const { program } = real
  const deadline = performance.now() + budgetMs
  const most = Math.max(...program.agents.map(({ rounds }) => rounds))
  let covered = 'nothing: there was no time'
  for (const rounds of [1, 2, 3, most].filter(
    (some, i, all) => some <= most && all.indexOf(some) === i,
  )) {
    const left = deadline - performance.now()
    if (left <= 0) break
    // The program with all its rounds gets the rest of the time.
    const budget = budgetUntil(rounds === most ? deadline : performance.now() + left / 2)
    const ticking = {
      ...budget,
      over: () => {
        tick(`the same program explored, rounds: ${rounds} of ${most}`)
        return budget.over()
      },
    }
    const explored = translate(real, rounds)
    const explorer = new ProgramExplorer()
    const strategies = [...FEW_PREEMPTIONS, ...samples(seed, SCHEDULES)]
    // oxlint-disable-next-line no-await-in-loop -- fewer rounds first
    const result = await inMacrotask(() => explorer.search(explored, strategies, ticking))
    if (result.finding !== null) {
      // oxlint-disable-next-line no-await-in-loop -- the last one
      const {
        search: simple,
        schedule,
        timeline,
      } = await inMacrotask(() => {
        const simplified = explorer.simplest(result, budgetUntil(performance.now() + SIMPLIFY_MS))
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

/** Runs the schedule again, step by step. */
export function followReal({ real, rounds, schedule }: ScheduledReal): Promise<Timeline> {
  return inMacrotask(() => follow(modelOf(translate(real, rounds)), schedule))
}
