import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { type JsonRow, toJson } from './report/json.ts'
import { page } from './report/html.ts'
import { withFigures } from './report/readme.ts'
import { table } from './report/table.ts'
import { lookAtMachine } from './run/machine.ts'
import { type Effort, runRows } from './run/run.ts'
import { allRows, FULL, QUICK } from './rows/rows.ts'

const USAGE = `bench: the same work done by us and by the alternatives, in one run

  bench [--rounds N] [--seconds N] [--only TEXT] [--json FILE] [--html FILE] [--check] [--quick]
  bench --from FILE [--html FILE] [--readme FILE] [--check]    reports on an earlier run's JSON

  --rounds N   how often everybody runs, in turns; medians count (default 5)
  --seconds N  starts nothing more after N seconds; what nobody got to is left out
  --only TEXT  only the rows whose id or work has it
  --json FILE  writes [{ work, unit, ours, others: { name: median }, target, met, ... }]
  --html FILE  writes a page with plots
  --readme FILE  puts the figures between the marks of that file
  --check      exits 1 while ours misses what it must reach
  --quick      tiny amounts: shows that everything runs, measures nothing
`

const SHM = '/dev/shm'
const MISSED = 1
const WRONG_USE = 2

// Exiting ends the programs that were started: they run in process groups of their own, which the
// terminal's signal does not reach.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

process.exitCode = await main()

async function main(): Promise<number> {
  let values
  try {
    ;({ values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: 'Infinity' },
        only: { type: 'string' },
        json: { type: 'string' },
        html: { type: 'string' },
        readme: { type: 'string' },
        from: { type: 'string' },
        check: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }))
  } catch (error) {
    return wrongUse((error as Error).message)
  }
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) {
    return wrongUse(`--rounds must be an integer from 1 to 1000: ${values.rounds}`)
  }
  const seconds = Number(values.seconds)
  if (!(seconds > 0)) return wrongUse(`--seconds must be a number above 0: ${values.seconds}`)
  const { from, only = '' } = values
  // A folder that cannot be made is an error now, and not after minutes of work.
  for (const file of [values.json, values.html]) {
    if (file !== undefined) mkdirSync(dirname(file), { recursive: true })
  }
  const rows =
    from === undefined ? await measure({ rounds, seconds }, only, values.quick) : read(from)
  if (rows.length === 0) return wrongUse(`--only fits no row: ${only}`)

  console.log(table(rows))
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
  if (values.html !== undefined) writeFileSync(values.html, page(rows))
  if (values.readme !== undefined) {
    const readme = readFileSync(values.readme, 'utf8')
    writeFileSync(values.readme, withFigures(readme, rows))
  }
  const missed = rows.filter(({ met }) => met === false)
  console.log(`\n${missed.length === 0 ? 'All figures are reached.' : summary(missed)}`)
  return values.check && missed.length > 0 ? MISSED : 0
}

async function measure(effort: Effort, only: string, quick: boolean): Promise<JsonRow[]> {
  const machine = lookAtMachine()
  const directory = mkdtempSync(join(existsSync(SHM) ? SHM : tmpdir(), 'ipc-bench-'))
  const temporary = mkdtempSync(join(tmpdir(), 'ipc-bench-'))
  process.env['IPC_DIR'] = directory
  process.env['TMPDIR'] = temporary // a program that is killed leaves its files there
  const cleanUp = (): void => {
    machine.close()
    for (const made of [directory, temporary]) {
      rmSync(made, { recursive: true, force: true, maxRetries: 5 })
    }
  }
  process.once('exit', cleanUp) // SIGINT and SIGTERM end it in the middle
  try {
    const rows = allRows(quick ? QUICK : FULL, machine.cpus).filter(
      ({ id, work }) => id.includes(only) || work.includes(only),
    )
    const results = await runRows(rows, effort, machine, (round, { work }, { name }) => {
      const line = `round ${round + 1} of ${effort.rounds}: ${work}: ${name}`
      process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
    })
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    return toJson(results, machine.description, new Date())
  } finally {
    process.off('exit', cleanUp)
    cleanUp()
  }
}

function read(file: string): JsonRow[] {
  return JSON.parse(readFileSync(file, 'utf8')) as JsonRow[]
}

function summary(missed: readonly JsonRow[]): string {
  return ['Missed:', ...missed.map(({ work, target }) => `  ${work}: ${target}`)].join('\n')
}

function wrongUse(message: string): number {
  console.error(`bench: ${message}\n\n${USAGE}`)
  return WRONG_USE
}
