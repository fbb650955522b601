import { availableParallelism } from 'node:os'
import { examine } from '../museum/examine.ts'
import type { Mutant } from '../museum/mutant.ts'
import type { Output } from '../report/output.ts'
import type { MutantResult } from '../report/report.ts'
import { count, seconds } from '../report/table.ts'

export interface Limits {
  /** Each mutant gets at most this much time. */
  readonly eachMs: number
  /** The program that fails is made smaller for at most this long. */
  readonly shrinkMs: number
  /** No mutant is begun later than this moment of `performance.now()`. */
  readonly deadline: number
}

/**
 * Examines as many mutants at once as there are processors, and prints a line for each, in the order of the
 * museum. It always examines the first one; it leaves out those for which there is no time.
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
    while (next < mutants.length && (next === 0 || performance.now() < deadline)) {
      const i = next++
      const mutant = mutants[i]!
      output.progress.show(() => `${mutant.name} (${i + 1} of ${mutants.length})`)
      // oxlint-disable-next-line no-await-in-loop -- one at a time for each processor
      const examined = await examine(mutant, `${eachMs}ms`, `${shrinkMs}ms`)
      const { name, what } = mutant
      results[i] = { name, what, found: examined.verdict === 'found', ...examined }
      tell()
    }
  }
  const atOnce = Math.min(availableParallelism(), mutants.length)
  await Promise.all(Array.from({ length: atOnce }, work))
  output.progress.end()
  return results
}

function line({ verdict, name, how, ms, schedules, program }: MutantResult): string {
  const where = program === null ? '' : `${program}: `
  const what = verdict === 'found' ? `${count(schedules)} schedules and states, ` : ''
  return `${verdict.toUpperCase().padEnd(7)}${name.padEnd(40)}${what}${seconds(ms)}  ${where}${how}`
}
