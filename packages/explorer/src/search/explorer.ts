import { Automata } from '../code/automaton.ts'
import { Merger } from '../code/merger.ts'
import { Machine } from '../machine/machine.ts'
import type { Model } from '../model.ts'
import { follow } from '../story/timeline.ts'
import { bounded, complete } from './bounded.ts'
import { now } from './budget.ts'
import type { Budget, Finding, Outcome, Strategy } from './strategy.ts'

export interface Search {
  readonly model: Model
  readonly machine: Machine
  readonly finding: Finding | null
  readonly outcomes: readonly (Outcome & { readonly strategy: string; readonly ms: number })[]
}

/** When an explorer knows more nodes than this, it forgets them and makes the graph anew. */
const MAX_NODES = 500_000

/**
 * Searches models for a schedule that breaks a law. An explorer remembers the code that it has executed, so
 * models of the same code cost less the second time. The words of all its models must mean the same, so each
 * thing that is explored has an explorer of its own.
 */
export class Explorer {
  #automata: Automata = new Automata(new Merger())

  /** Runs strategies one after another, until one finds something. */
  search(model: Model, strategies: readonly Strategy[], budget: Budget): Search {
    if (this.#automata.nodes.length > MAX_NODES) this.#automata = new Automata(new Merger())
    const result = searchOn(new Machine(model, this.#automata), strategies, budget)
    if (result.finding === null) return result
    const machine = new Machine(model)
    if (follow(model, result.finding.schedule).verdict !== null) return { ...result, machine }
    // The merger merged nodes that are not alike.
    return searchOn(machine, strategies, budget)
  }

  /** Looks for the same bug, or another one of the model, with as few preemptions as possible. */
  simplest(found: Search, budget: Budget): Search {
    for (const strategy of [0, 1, 2, 3, 4].map((most) => bounded(most)).concat(complete)) {
      if (budget.over()) break
      const again = this.search(found.model, [strategy], budget)
      if (again.finding !== null) return again
    }
    return found
  }
}

function searchOn(machine: Machine, strategies: readonly Strategy[], budget: Budget): Search {
  const { model } = machine
  const outcomes: (Outcome & { strategy: string; ms: number })[] = []
  for (const strategy of strategies) {
    const start = now()
    const outcome = strategy.search(machine, budget)
    outcomes.push({ ...outcome, strategy: strategy.name, ms: now() - start })
    if (outcome.finding !== null) return { model, machine, finding: outcome.finding, outcomes }
    if (budget.over()) break
  }
  return { model, machine, finding: null, outcomes }
}
