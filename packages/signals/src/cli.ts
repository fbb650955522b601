#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { kill, sigqueue } from './send/send.ts'
import { signalTable } from './names/tables.ts'

const USAGE = `Usage:
  signals list                       all signals: number, name, default action, meaning
  signals kill [-SIGNAL] PID...      send a signal, by default SIGTERM
  signals kill -s SIGNAL -q VALUE PID...   send it with a value (real-time signals queue)

SIGNAL is USR1, SIGUSR1 or 10; 0 only asks whether the process exists. A PID below 0 is a process
group; put -- before it.
`

class UsageError extends Error {}

function list(): string {
  const row = ([number, ...rest]: string[]): string =>
    `${number!.padStart(2)}  ${rest[0]!.padEnd(12)} ${rest[1]!.padEnd(10)} ${rest[2]!}\n`
  return signalTable()
    .map(({ number, signal, action, description }) =>
      row([String(number), signal, action, description]),
    )
    .join('')
}

function numberOf(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new UsageError(`not a number: ${JSON.stringify(text)}`)
  return Number(text)
}

/** The errors of those that failed; the others have been sent. */
function send(argv: string[]): Error[] {
  const short = argv[0] !== undefined && /^-([A-Z][A-Z0-9+-]*|\d+)$/.exec(argv[0])
  const { values, positionals } = parseArgs({
    args: short ? argv.slice(1) : argv,
    options: { signal: { type: 'string', short: 's' }, queue: { type: 'string', short: 'q' } },
    allowPositionals: true,
  })
  const given = (short ? short[1] : values.signal) ?? 'SIGTERM'
  const signal = /^\d+$/.test(given) ? Number(given) : given
  const value = values.queue === undefined ? undefined : numberOf(values.queue)
  if (positionals.length === 0) throw new UsageError('no PID')
  return positionals.map(numberOf).flatMap((pid) => {
    try {
      if (value === undefined) kill(pid, signal)
      else sigqueue(pid, signal, value)
      return []
    } catch (error) {
      return [error as Error]
    }
  })
}

function run([command, ...rest]: string[]): number {
  if (command === 'list' && rest.length === 0) {
    process.stdout.write(list())
    return 0
  }
  if (command === 'kill') {
    const errors = send(rest)
    for (const error of errors) console.error(`signals: ${error.message}`)
    return errors.length > 0 ? 1 : 0
  }
  if (command === undefined || command === 'help' || command === '--help' || command === '-h') {
    process.stdout.write(USAGE)
    return command === undefined ? 2 : 0
  }
  throw new UsageError(`no such command: ${[command, ...rest].join(' ')}`)
}

try {
  process.exitCode = run(process.argv.slice(2))
} catch (error) {
  console.error(`signals: ${(error as Error).message}\n\n${USAGE}`)
  process.exitCode = 2
}
