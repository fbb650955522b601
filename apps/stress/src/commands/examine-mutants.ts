import { Workshop, type Mutant } from '../explore/museum/museum.ts'
import type { Output } from '../report/output.ts'
import type { MutantResult } from '../report/report.ts'
import { count, seconds } from '../report/table.ts'

export interface Limits {
  /** For each mutant. */
  readonly eachMs: number
  /** None is begun later than this (of `performance.now()`). */
  readonly deadline: number
}

/** One mutant after another, a line for each; after the first, those for which there is no time are left out. */
export async function examineMutants(
  mutants: readonly Mutant[],
  { eachMs, deadline }: Limits,
  output: Output,
): Promise<MutantResult[]> {
  const results: MutantResult[] = []
  const workshop = new Workshop()
  try {
    for (const [i, mutant] of mutants.entries()) {
      if (i > 0 && performance.now() >= deadline) break
      output.progress.show(() => `${mutant.name} (${i + 1} of ${mutants.length})`)
      // oxlint-disable-next-line no-await-in-loop -- they are built in one place
      const { verdict, ...examined } = await workshop.examine(mutant, `${eachMs}ms`)
      const result = {
        name: mutant.name,
        what: mutant.what,
        found: verdict === 'found',
        ...examined,
      }
      results.push(result)
      output.say(line(verdict, result))
    }
  } finally {
    output.progress.end()
    workshop.close()
  }
  return results
}

function line(verdict: string, { name, how, ms, schedules, program }: MutantResult): string {
  const where = program === null ? '' : `${program}: `
  const what = verdict === 'found' ? `${count(schedules)} schedules and states, ` : ''
  return `${verdict.toUpperCase().padEnd(7)}${name.padEnd(34)}${what}${seconds(ms)}  ${where}${how}`
}
