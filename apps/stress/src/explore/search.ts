import { Machine } from './machine.ts'
import { Automata } from './automaton.ts'
import { Merger } from './merger.ts'
import type { Subject } from './subjects/subject.ts'
import { follow } from './timeline.ts'
import { modelOf, type Program } from './program.ts'
import { bounded, complete } from './strategies/bounded.ts'
import { pct } from './strategies/pct.ts'
import { pos } from './strategies/pos.ts'
import { random } from './strategies/random.ts'
import type { Budget, Finding, Outcome, Strategy } from './strategies/strategy.ts'

const MAX_STEPS = 5_000
const MAX_STATES = 4_000_000

/** A budget of time, and of states that fit into memory. */
export function budgetUntil(deadlineMs: number, maxStates: number = MAX_STATES): Budget {
  return { over: () => performance.now() >= deadlineMs, maxStates, maxSteps: MAX_STEPS }
}

/** Few preemptions: most bugs, and the simplest schedules of them. */
export const FEW_PREEMPTIONS: readonly Strategy[] = [bounded(0), bounded(1), bounded(2)]

/** Samples of long schedules: they find other bugs. */
export function samples(seed: number, schedules: number): Strategy[] {
  return [
    random(seed, schedules),
    pct(2, seed, schedules),
    pct(3, seed, schedules),
    pct(4, seed, schedules),
    pos(seed, schedules),
  ]
}

export interface Search {
  readonly program: Program
  readonly machine: Machine
  readonly finding: Finding | null
  readonly outcomes: readonly (Outcome & { readonly strategy: string; readonly ms: number })[]
}

/** So many nodes are kept; then their graph is made anew. */
const MAX_NODES = 500_000

const automata = new Map<Subject, Automata>()

/** Of a subject's code, for all of its programs; nodes that go on alike are one. */
function automataOf(subject: Subject): Automata {
  let known = automata.get(subject)
  if (known === undefined || known.nodes.length > MAX_NODES) {
    automata.set(subject, (known = new Automata(new Merger())))
  }
  return known
}

/** Runs strategies one after another, until one finds something. */
export function search(program: Program, strategies: readonly Strategy[], budget: Budget): Search {
  const result = searchOn(
    new Machine(modelOf(program), automataOf(program.subject)),
    program,
    strategies,
    budget,
  )
  if (result.finding === null) return result
  const machine = new Machine(modelOf(program))
  if (follow(machine.model, result.finding.schedule).verdict !== null) return { ...result, machine }
  // Nodes were taken for the same that are not.
  return searchOn(machine, program, strategies, budget)
}

function searchOn(
  machine: Machine,
  program: Program,
  strategies: readonly Strategy[],
  budget: Budget,
): Search {
  const outcomes: (Outcome & { strategy: string; ms: number })[] = []
  for (const strategy of strategies) {
    const start = performance.now()
    const outcome = strategy.search(machine, budget)
    outcomes.push({ ...outcome, strategy: strategy.name, ms: performance.now() - start })
    if (outcome.finding !== null) {
      return { program, machine, finding: outcome.finding, outcomes }
    }
    if (budget.over()) break
  }
  return { program, machine, finding: null, outcomes }
}

/** The same bug, or another one of the program, with as few preemptions as possible. */
export function simplest(found: Search, budget: Budget): Search {
  for (const strategy of [0, 1, 2, 3, 4].map((most) => bounded(most)).concat(complete)) {
    if (budget.over()) break
    const again = search(found.program, [strategy], budget)
    if (again.finding !== null) return again
  }
  return found
}
