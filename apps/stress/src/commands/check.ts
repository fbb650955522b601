import { parseArgs } from 'node:util'
import { SUBJECTS } from '../subjects/table.ts'
import { coverageTable } from '../report/coverage.ts'
import { describeExplored } from '../report/explored.ts'
import { Output, OUTPUT_HELP, OUTPUT_OPTIONS, type Result } from '../report/output.ts'
import { durationMs, seedOf, usage } from '../usage.ts'
import { primitives, surveyAll, type Surveyed } from './survey-all.ts'

export const summary =
  'explores primitives: a catalogue of small programs, then random ones, under chosen schedules'

const HELP = `usage: stress check [${[...SUBJECTS.keys()].join('|')}]... [options]

Runs the shipped code over a simulated memory. For each primitive: the programs of the catalogue,
under all schedules with at most 2 preemptions and under random ones; then random programs for the
rest of the time.

  --budget 4m        for how long (500ms, 40s, 2m)
  --seed N           the same random schedules and programs again
  --shrink 20s       for how long a program that fails is made smaller
${OUTPUT_HELP}

Exit code 0: the whole catalogue was explored, and nothing found. 1: something was found. 3: the
budget was too small for the catalogue.
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        budget: { type: 'string', default: '4m' },
        seed: { type: 'string' },
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
  const seed = seedOf(values.seed)
  const shrinkMs = durationMs('--shrink', values.shrink)
  const names = primitives(positionals)
  const output = new Output('check', argv, values)

  const surveyed = await surveyAll(names, { budgetMs, seed, shrinkMs, goesOn: false }, output)
  const result = judge(surveyed, seed)
  for (const failure of surveyed.failures) output.say(`\n${describeExplored(failure).join('\n')}\n`)
  output.say(coverageTable(surveyed.coverage))
  output.say(`\n${result.text} (seed ${seed})`)
  return output.finish(result)
}

function judge({ coverage, failures }: Surveyed, seed: number): Result {
  const all = { coverage, failures, seed }
  const [failure] = failures
  if (failure !== undefined) {
    const text = `FAILED: ${failure.program}: ${failure.verdict}`
    return { ...all, verdict: 'violated', text, exitCode: 1 }
  }
  const cut = coverage.filter(({ isWhole }) => !isWhole).map(({ primitive }) => primitive)
  if (cut.length > 0) {
    const text = `NOT DONE: the budget was too small for the whole catalogue of ${cut.join(', ')}`
    return { ...all, verdict: 'not done', text, exitCode: 3 }
  }
  const text = 'HELD: every law, in all that was explored'
  return { ...all, verdict: 'held', text, exitCode: 0 }
}
