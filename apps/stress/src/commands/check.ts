import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { CATALOGUE, DEEP } from '../explore/catalogue.ts'
import { programs } from '../explore/generate.ts'
import { describeProgram, parseProgram, type Program } from '../explore/program.ts'
import {
  budgetUntil,
  describeFinding,
  FEW_PREEMPTIONS,
  samples,
  search,
  simplest,
  type Search,
} from '../explore/search.ts'
import { complete } from '../explore/strategies/bounded.ts'
import type { Strategy } from '../explore/strategies/strategy.ts'
import { SUBJECTS } from '../explore/subjects/table.ts'
import { inMacrotask } from '../explore/event-loop.ts'
import { durationMs, integer, usage, UsageError } from '../usage.ts'

export const summary =
  'explores primitives: a catalogue of small programs, then random ones, under chosen schedules'

const HELP = `usage: stress check [${[...SUBJECTS.keys()].join('|')}]... [--budget 60s] [--seed N]

Runs the shipped code over a simulated memory. For each primitive: the programs of the catalogue,
under all schedules with at most 2 preemptions and under random ones; then random programs for the
rest of the budget. Exit code 3: the budget was too small for the catalogue.`

/** Random schedules of each kind for one program. */
const SCHEDULES = 500
/** A random program gets so much of the budget at most. */
const PROGRAM_MS = 400
const SHRINK_MS = 10_000

interface Totals {
  programs: number
  states: number
  schedules: number
  steps: number
  cut: number
}

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        budget: { type: 'string', default: '60s' },
        seed: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  )
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const budgetMs = durationMs('--budget', values.budget)
  const seed =
    values.seed === undefined
      ? Math.floor(Math.random() * 1e9)
      : integer('--seed', values.seed, 0, 0x7fffffff)
  const names = positionals.length > 0 ? positionals : [...SUBJECTS.keys()]
  for (const name of names) {
    if (!SUBJECTS.has(name)) {
      throw new UsageError(
        `no such primitive: ${name} (there are ${[...SUBJECTS.keys()].join(', ')})`,
      )
    }
  }
  let allDone = true
  for (const [i, name] of names.entries()) {
    const start = performance.now()
    const share = (budgetMs - spent(started)) / (names.length - i)
    const found = await inMacrotask(() => checkOne(name, start + share, seed))
    if (found === 'cut') allDone = false
    else if (found !== null) {
      for (const line of describeFinding(found)) console.log(line)
      console.log(`\nprogram: ${describeProgram(found.program)}   seed: ${seed}`)
      return 1
    }
  }
  if (!allDone) console.log('The budget was too small for the catalogue: not all was explored.')
  return allDone ? 0 : 3
}

const started = performance.now()
const spent = (since: number): number => performance.now() - since

function checkOne(name: string, deadline: number, seed: number): Search | 'cut' | null {
  const totals: Totals = { programs: 0, states: 0, schedules: 0, steps: 0, cut: 0 }
  const start = performance.now()
  const deep = DEEP.get(name) ?? []
  const plain = CATALOGUE.get(name) ?? []
  // What finds most comes first.
  for (const [texts, strategies] of [
    [plain, FEW_PREEMPTIONS],
    [deep, [complete]],
    [plain, samples(seed, SCHEDULES)],
  ] as const) {
    for (const text of texts) {
      const found = examine(parseProgram(text), deadline, strategies, totals)
      if (found !== null) return simplest(found, budgetUntil(performance.now() + SHRINK_MS))
    }
  }
  const catalogue = plain.length + deep.length
  totals.programs = catalogue
  const isCut = totals.cut > 0
  const found = checkRandom(name, deadline, seed, totals)
  if (found !== null) return simplest(found, budgetUntil(performance.now() + SHRINK_MS))
  const seconds = (performance.now() - start) / 1000
  const n = (value: number): string => value.toLocaleString('en-US')
  console.log(
    [
      name.padEnd(10),
      isCut ? `CUT SHORT: ` : '',
      `${catalogue} + ${totals.programs - catalogue} programs, `,
      `all schedules with ≤ 2 preemptions`,
      totals.cut > 0 ? ` (not of ${totals.cut} of them)` : '',
      `: ${n(totals.states)} states; `,
      `${n(totals.schedules)} random schedules (${n(Math.round(totals.steps / seconds))} steps/s, `,
      `${seconds.toFixed(1)} s, seed ${seed})`,
    ].join(''),
  )
  return isCut ? 'cut' : null
}

function checkRandom(name: string, deadline: number, seed: number, totals: Totals): Search | null {
  const left = deadline - performance.now()
  if (left <= 0) return null
  const failed = new Map<string, Search>()
  const subjects = SUBJECTS.get(name)!
  const details = fc.check(
    fc.property(fc.oneof(...subjects.map((subject) => programs(subject))), (program) => {
      const until = Math.min(deadline, performance.now() + PROGRAM_MS)
      const found = examine(
        program,
        until,
        [...FEW_PREEMPTIONS, ...samples(seed, SCHEDULES)],
        totals,
      )
      if (found !== null) failed.set(describeProgram(program), found)
      return found === null
    }),
    {
      seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: left,
      markInterruptAsFailure: false,
    },
  )
  const smallest = details.counterexample?.[0]
  return smallest === undefined ? null : failed.get(describeProgram(smallest))!
}

/** Also adds up what was done. */
function examine(
  program: Program,
  deadline: number,
  strategies: readonly Strategy[],
  totals: Totals,
): Search | null {
  const result = search(program, strategies, budgetUntil(deadline))
  totals.programs++
  let isComplete = result.outcomes.length === strategies.length
  for (const { states, schedules, steps, complete: isDone } of result.outcomes) {
    totals.states += states
    totals.schedules += schedules
    totals.steps += steps
    if (!isDone) isComplete = false
  }
  if (!isComplete) totals.cut++
  return result.finding === null ? null : result
}
