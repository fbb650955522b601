import { bounded, type Budget } from '@ipc/explorer/engine'
import { isWritable, segmentsOf, type Program } from './program.ts'
import type { ProgramExplorer, Search } from './search.ts'

/** Smaller programs are searched with these strategies, which find most of what there is to find. */
const STRATEGIES = [bounded(0), bounded(1), bounded(2)]
/** A smaller program is not worth more states than this. */
const MAX_STATES = 50_000

/**
 * Searches for the same bug, or another one, in the smallest program that has it: no part of that can be left
 * out.
 */
export function shrink(explorer: ProgramExplorer, found: Search, budget: Budget): Search {
  const small: Budget = { ...budget, maxStates: MAX_STATES }
  let smallest = found
  for (let isDone = false; !isDone;) {
    isDone = true
    for (const program of smaller(smallest.program)) {
      if (!isWritable(program)) continue
      if (budget.over()) return smallest
      const result = explorer.search(program, STRATEGIES, small)
      if (result.finding === null) continue
      smallest = result
      isDone = false
      break
    }
  }
  return smallest
}

/**
 * Answers with the programs that have one agent, segment or fault less; then with those that have a simpler
 * segment.
 */
function* smaller(program: Program): Generator<Program> {
  const { agents, faults, subject } = program
  const replace = (agent: number, segments: readonly string[]): Program => ({
    ...program,
    agents: agents.with(agent, segments),
  })
  if (agents.length > 1) {
    for (const agent of agents.keys()) yield { ...program, agents: agents.toSpliced(agent, 1) }
  }
  if (faults.crashes > 0) yield { ...program, faults: { ...faults, crashes: faults.crashes - 1 } }
  if (faults.spurious > 0)
    yield { ...program, faults: { ...faults, spurious: faults.spurious - 1 } }
  for (const [agent, segments] of agents.entries()) {
    if (segments.length === 1) continue
    for (const i of segments.keys()) yield replace(agent, segments.toSpliced(i, 1))
  }
  const simple = segmentsOf(subject).map(({ name }) => name)
  for (const [agent, segments] of agents.entries()) {
    for (const [i, segment] of segments.entries()) {
      for (const name of simple.slice(0, simple.indexOf(segment))) {
        yield replace(agent, segments.with(i, name))
      }
    }
  }
}
