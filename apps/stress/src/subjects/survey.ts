import fc from 'fast-check'
import { BOUNDED, CATALOGUE, DEEP } from './catalogue.ts'
import { programs as randomPrograms } from './generate.ts'
import { describeProgram, parseProgram, type Program } from './program.ts'
import { ProgramExplorer, type Search } from './search.ts'
import { shrink } from './shrink.ts'
import {
  bounded,
  type Budget,
  budgetUntil,
  complete,
  samples,
  type Strategy,
} from '@ipc/explorer/engine'
import { SUBJECTS } from './table.ts'

/** Preemption bounds of the catalogue: few find most bugs, and the simplest schedules of them. */
const BOUNDS = [0, 1, 2] as const

/** Random schedules of each kind for one program. */
const SCHEDULES = 500
/** A random program gets at most this much time. */
const PROGRAM_MS = 400

/** If this much time is left, half of it is for random programs that get more time each, for rarer bugs. */
const LONG_MS = 60_000
const LONG_PROGRAM_MS = 10_000
const MORE_PREEMPTIONS = [3, 4] as const

/** The coverage says exactly what was explored of a primitive. */
export interface Coverage {
  readonly primitive: string
  /** How many programs the catalogue has. */
  readonly programs: number
  /**
   * For each number of preemptions, how many of these programs were explored under all schedules with at most
   * that many.
   */
  readonly bounds: readonly { readonly preemptions: number; readonly programs: number }[]
  /** How many programs have a bound of their own, and for how many of them that was done. */
  readonly special: number
  readonly specialDone: number
  /**
   * How many programs have bugs that need more preemptions, and for how many of them the state graph is
   * complete.
   */
  readonly deep: number
  readonly graphs: number
  /** How many programs of the catalogue had all their random schedules run. */
  readonly sampled: number
  /** How many random programs were explored, each in the same ways as far as its time went. */
  readonly random: number
  readonly states: number
  /** How many random schedules were run. */
  readonly schedules: number
  readonly steps: number
  readonly ms: number
  /** Whether all of the catalogue was done. */
  readonly isWhole: boolean
}

export interface SurveyOptions {
  readonly seed: number
  /** The search for a smaller program and a simpler schedule takes at most this long. */
  readonly shrinkMs: number
  /** A function that is called all the time, and told what is being done. */
  readonly tick: (doing: string) => void
}

interface RandomOptions {
  readonly strategies: readonly Strategy[]
  /** The seed of the random programs. */
  readonly seed: number
  readonly programMs: number
  readonly deadline: number
}

/** Explores one primitive, and first in the ways that find most; deadlines are of `performance.now()`. */
export class Survey {
  readonly #primitive: string
  readonly #options: SurveyOptions
  readonly #explorer: ProgramExplorer = new ProgramExplorer()
  readonly #bounds = BOUNDS.map((preemptions) => ({ preemptions, programs: 0 }))
  #specialDone = 0
  #graphs = 0
  #sampled = 0
  #random = 0
  #states = 0
  #schedules = 0
  #steps = 0
  #ms = 0
  #deadline = 0

  constructor(primitive: string, options: SurveyOptions) {
    this.#primitive = primitive
    this.#options = options
  }

  /** Explores the programs of the catalogue; the first one, without preemptions, whatever the deadline is. */
  exploreCatalogue(deadline: number): Search | null {
    return this.#until(deadline, () => {
      const plain = this.#catalogue(CATALOGUE)
      const first = this.#search(plain[0]!, [bounded(0)], Infinity, 'the first program')
      if (first.finding !== null) return first
      this.#bounds[0]!.programs++
      const upTo = (bound: { preemptions: number; programs: number }): Search | null => {
        const programs = bound.preemptions === 0 ? plain.slice(1) : plain
        return this.#each(programs, [bounded(bound.preemptions)], () => bound.programs++)
      }
      const [none, one, two] = this.#bounds
      return (
        upTo(none!) ??
        upTo(one!) ??
        this.#each(this.#catalogue(DEEP), [complete], () => this.#graphs++) ??
        upTo(two!) ??
        this.#special() ??
        this.#each(plain, samples(this.#options.seed, SCHEDULES), () => this.#sampled++)
      )
    })
  }

  #special(): Search | null {
    for (const [text, preemptions] of BOUNDED.get(this.#primitive) ?? []) {
      const strategies = [bounded(preemptions)]
      const found = this.#each([parseProgram(text)], strategies, () => this.#specialDone++)
      if (found !== null) return found
    }
    return null
  }

  /** Explores as many random programs as there is time for. */
  exploreRandom(deadline: number): Search | null {
    return this.#until(deadline, () => {
      const { seed } = this.#options
      const now = performance.now()
      const isLong = deadline - now >= LONG_MS
      const few = [...BOUNDS.map((bound) => bounded(bound)), ...samples(seed, SCHEDULES)]
      const found = this.#exploreRandom({
        strategies: few,
        seed,
        programMs: PROGRAM_MS,
        deadline: isLong ? (now + deadline) / 2 : deadline,
      })
      if (found !== null || !isLong) return found
      return this.#exploreRandom({
        strategies: MORE_PREEMPTIONS.map((most) => bounded(most)),
        seed: seed + 1,
        programMs: LONG_PROGRAM_MS,
        deadline,
      })
    })
  }

  #until(deadline: number, explore: () => Search | null): Search | null {
    const start = performance.now()
    this.#deadline = deadline
    try {
      const found = explore()
      if (found === null) return null
      return this.#shrink(found)
    } finally {
      this.#ms += performance.now() - start
    }
  }

  #shrink(found: Search): Search {
    const { tick, shrinkMs } = this.#options
    const doing = `${describeProgram(found.program)}: looking for a smaller program`
    const budget = budgetUntil(performance.now() + shrinkMs)
    const watched = { ...budget, over: () => (tick(doing), budget.over()) }
    const smallest = shrink(this.#explorer, found, watched)
    return this.#explorer.simplest(smallest, watched)
  }

  #catalogue(of: ReadonlyMap<string, readonly string[]>): Program[] {
    return (of.get(this.#primitive) ?? []).map((text) => parseProgram(text))
  }

  /**
   * Explores each program in half of the time that is left, so that no program takes the time of all others;
   * then those that are not done, in all of it.
   */
  #each(
    all: readonly Program[],
    strategies: readonly Strategy[],
    count: () => void,
  ): Search | null {
    const left: Program[] = []
    for (const [i, program] of all.entries()) {
      const now = performance.now()
      if (now >= this.#deadline) return null
      const until = now + (this.#deadline - now) / 2
      const where = `${i + 1} of ${all.length} programs`
      const result = this.#search(program, strategies, until, where)
      if (result.finding !== null) return result
      if (isComplete(result, strategies)) count()
      else left.push(program)
    }
    for (const program of left) {
      if (performance.now() >= this.#deadline) return null
      const where = `again ${describeProgram(program)}`
      const result = this.#search(program, strategies, this.#deadline, where)
      if (result.finding !== null) return result
      if (isComplete(result, strategies)) count()
    }
    return null
  }

  #exploreRandom({ strategies, seed, programMs, deadline }: RandomOptions): Search | null {
    const left = deadline - performance.now()
    if (left <= 0) return null
    const failed = new Map<string, Search>()
    const subjects = SUBJECTS.get(this.#primitive)!
    const property = fc.property(
      fc.oneof(...subjects.map((subject) => randomPrograms(subject))),
      (program) => {
        const until = Math.min(deadline, performance.now() + programMs)
        const where = `random program ${this.#random + 1}`
        const found = this.#search(program, strategies, until, where)
        if (isComplete(found, strategies)) this.#random++
        if (found.finding !== null) failed.set(describeProgram(program), found)
        return found.finding === null
      },
    )
    const { counterexample } = fc.check(property, {
      seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: left,
      markInterruptAsFailure: false,
    })
    const smallest = counterexample?.[0]
    return smallest === undefined ? null : failed.get(describeProgram(smallest))!
  }

  #search(program: Program, strategies: readonly Strategy[], until: number, where: string): Search {
    const { tick } = this.#options
    const budget = budgetUntil(until)
    let doing = ''
    const watched: Budget = {
      ...budget,
      over: () => {
        tick(doing)
        return budget.over()
      },
    }
    const told = strategies.map((strategy) => ({
      name: strategy.name,
      search: (...args: Parameters<Strategy['search']>) => {
        doing = `${this.#primitive}: ${where}, ${strategy.name}`
        return strategy.search(...args)
      },
    }))
    const result = this.#explorer.search(program, told, watched)
    for (const { states, schedules, steps } of result.outcomes) {
      this.#states += states
      this.#schedules += schedules
      this.#steps += steps
    }
    return result
  }

  get coverage(): Coverage {
    const programs = CATALOGUE.get(this.#primitive)?.length ?? 0
    const special = BOUNDED.get(this.#primitive)?.length ?? 0
    const deep = DEEP.get(this.#primitive)?.length ?? 0
    return {
      primitive: this.#primitive,
      programs,
      bounds: this.#bounds,
      special,
      specialDone: this.#specialDone,
      deep,
      graphs: this.#graphs,
      sampled: this.#sampled,
      random: this.#random,
      states: this.#states,
      schedules: this.#schedules,
      steps: this.#steps,
      ms: this.#ms,
      isWhole:
        this.#bounds.every((bound) => bound.programs === programs) &&
        this.#specialDone === special &&
        this.#graphs === deep &&
        this.#sampled === programs,
    }
  }
}

function isComplete({ outcomes }: Search, strategies: readonly Strategy[]): boolean {
  return outcomes.length === strategies.length && outcomes.every(({ complete: is }) => is)
}
