import { parseArgs } from 'node:util'
import { mutants, Workshop } from '../explore/museum/museum.ts'
import { durationMs, usage, UsageError } from '../usage.ts'

export const summary = 'the museum of planted bugs: each must be found'

const HELP = `usage: stress mutants [name]... [--budget 30s]

Builds each patch of apps/stress/mutants into a copy of the packages, and checks the primitive that it
breaks with this budget. Exit code 1 when one is not found, or no longer applies.`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        budget: { type: 'string', default: '30s' },
        help: { type: 'boolean', short: 'h' },
      },
    }),
  )
  if (values.help === true) {
    console.log(HELP)
    return 0
  }
  durationMs('--budget', values.budget)
  const all = mutants()
  const unknown = positionals.find((name) => !all.some((mutant) => mutant.name === name))
  if (unknown !== undefined) throw new UsageError(`no such mutant: ${unknown}`)
  const chosen =
    positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name))
  const workshop = new Workshop()
  let found = 0
  try {
    for (const mutant of chosen) {
      const { verdict, how, ms } = await workshop.examine(mutant, values.budget)
      if (verdict === 'found') found++
      const seconds = (ms / 1000).toFixed(1)
      console.log(`${verdict.toUpperCase().padEnd(7)}${mutant.name.padEnd(34)}${seconds} s  ${how}`)
    }
  } finally {
    workshop.close()
  }
  console.log(`${found} of ${chosen.length} found`)
  return found === chosen.length ? 0 : 1
}
