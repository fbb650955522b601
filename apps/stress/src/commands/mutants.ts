import { parseArgs } from 'node:util'
import { MUTANTS } from '../museum/all.ts'
import { Output, OUTPUT_HELP, OUTPUT_OPTIONS, type Result } from '../report/output.ts'
import type { MutantResult } from '../report/report.ts'
import { durationMs, usage, UsageError } from '../usage.ts'
import { examineMutants } from './examine-mutants.ts'

export const summary = 'the museum of planted bugs: each must be found'

const HELP = `usage: stress mutants [name]... [options]

Loads the packages with each bug of apps/stress/src/museum in its turn, and checks the primitive that
it breaks, with this budget and no hint of its own.

  --budget 60s       for each mutant
  --shrink 20s       for how long the program that fails is made smaller
${OUTPUT_HELP}
                     (an array of { name, what, found, schedules, ms, program, how })

Exit code 0: all were found. 1: one was not, or its text no longer stands exactly once in the sources.
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        budget: { type: 'string', default: '60s' },
        shrink: { type: 'string', default: '20s' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTIONS,
      },
    }),
  )
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const budgetMs = durationMs('--budget', values.budget)
  const shrinkMs = durationMs('--shrink', values.shrink)
  const unknown = positionals.find((name) => !MUTANTS.some((mutant) => mutant.name === name))
  if (unknown !== undefined) {
    throw new UsageError(`no such mutant: ${unknown} (there are ${MUTANTS.map(nameOf).join(', ')})`)
  }
  const chosen =
    positionals.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => positionals.includes(name))
  const output = new Output('mutants', argv, values)
  const results = await examineMutants(
    chosen,
    { eachMs: budgetMs, shrinkMs, deadline: Infinity },
    output,
  )
  const result = judge(results)
  output.say(result.text)
  return output.finish(result, results)
}

const nameOf = ({ name }: { readonly name: string }): string => name

function judge(results: readonly MutantResult[]): Result {
  const found = results.filter((one) => one.found).length
  const text = `${found} of ${results.length} found`
  return found === results.length
    ? { verdict: 'held', text, exitCode: 0, mutants: results }
    : { verdict: 'violated', text, exitCode: 1, mutants: results }
}
