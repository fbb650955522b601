import { availableParallelism } from 'node:os'
import { Workshop, type Mutant } from '../explore/museum/museum.ts'
import type { Output } from '../report/output.ts'
import type { MutantResult } from '../report/report.ts'
import { count, seconds } from '../report/table.ts'

export interface Limits {
  /** For each mutant. */
  readonly eachMs: number
  /** For how long the program that fails is made smaller. */
  readonly shrinkMs: number
  /** None is begun later than this (of `performance.now()`). */
  readonly deadline: number
}

const MOST_WORKSHOPS = 4

/**
 * As many mutants at once as there are processors; a line for each, in the order of the museum. After
 * the first, those for which there is no time are left out.
 */
export async function examineMutants(
  mutants: readonly Mutant[],
  { eachMs, shrinkMs, deadline }: Limits,
  output: Output,
): Promise<MutantResult[]> {
  const results: MutantResult[] = []
  let next = 0
  let told = 0
  const tell = (): void => {
    for (; results[told] !== undefined; told++) output.say(line(results[told]!))
  }
  const work = async (): Promise<void> => {
    const workshop = new Workshop()
    try {
      while (next < mutants.length && (next === 0 || performance.now() < deadline)) {
        const i = next++
        const mutant = mutants[i]!
        output.progress.show(() => `${mutant.name} (${i + 1} of ${mutants.length})`)
        // oxlint-disable-next-line no-await-in-loop -- a workshop has one mutant at a time
        const examined = await workshop.examine(mutant, `${eachMs}ms`, `${shrinkMs}ms`)
        const { name, what } = mutant
        results[i] = { name, what, found: examined.verdict === 'found', ...examined }
        tell()
      }
    } finally {
      workshop.close()
    }
  }
  const workshops = Math.min(availableParallelism(), MOST_WORKSHOPS, mutants.length)
  await Promise.all(Array.from({ length: workshops }, work))
  output.progress.end()
  return results
}

function line({ verdict, name, how, ms, schedules, program }: MutantResult): string {
  const where = program === null ? '' : `${program}: `
  const what = verdict === 'found' ? `${count(schedules)} schedules and states, ` : ''
  return `${verdict.toUpperCase().padEnd(7)}${name.padEnd(40)}${what}${seconds(ms)}  ${where}${how}`
}
