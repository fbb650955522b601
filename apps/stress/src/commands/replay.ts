import { parseArgs } from 'node:util'
import { inMacrotask } from '../explore/event-loop.ts'
import { isExplorerToken, replayToken } from '../explore/replay.ts'
import { checkPlanted } from '../planted/planted.ts'
import { describeProgram } from '../program/describe.ts'
import { fromToken } from '../program/token.ts'
import { describeFailure } from '../report/failure.ts'
import { withBenches } from '../run/bench.ts'
import { runProgram } from '../run/run-program.ts'
import { integer, usage, UsageError } from '../usage.ts'

export const summary = 'one program again, with its faults: replay "<token>"'

const HELP = `usage: stress replay "<token>" [--times 100]

Runs the program of a failure again, with the same faults, until it fails or was run so many times:
threads and processes interleave differently every time.
`

export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = usage(() =>
    parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        times: { type: 'string', default: '100' },
      },
    }),
  )
  if (values.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const [token] = positionals
  if (token === undefined || positionals.length > 1) {
    throw new UsageError('replay takes one token, as a failure prints it')
  }
  if (isExplorerToken(token)) return inMacrotask(() => replayToken(token))
  const times = integer('--times', values.times, 1, 1_000_000)
  const { program, planted } = fromToken(token)
  checkPlanted(planted)
  const count = (kind: 'worker' | 'process'): number =>
    program.agents.filter(({ runs }) => runs === kind).length

  console.log(`${describeProgram(program).join('\n')}\n`)
  const size = { workers: count('worker'), processes: count('process') }
  return await withBenches(1, size, planted, async ([bench]) => {
    let unknown = 0
    for (let i = 1; i <= times; i++) {
      const result = await runProgram(bench!, program)
      unknown += result.unknown.length
      if (result.violations.length === 0) continue
      console.log(`${describeFailure(program, result, planted)}\n`)
      console.log(`VIOLATED: ${result.violations[0]!.law} (in run ${i} of ${times})`)
      return 1
    }
    console.log(unknown > 0 ? `UNKNOWN: ${unknown} checks` : `HELD: in ${times} runs`)
    return unknown > 0 ? 1 : 0
  })
}
