/** `ipc kill`. */
import { kill as send, signalTable, sigqueue, type SignalEntry } from '@ipc/signals'
import { BY_SIGNAL, DONE, NOT_DONE } from '../exit.ts'
import { Failure } from '../failure.ts'
import { table } from '../text.ts'
import { print, say } from '../print.ts'

export interface KillOptions {
  readonly signal?: string
  readonly queue?: number
  readonly list?: boolean
  readonly json?: boolean
}

export function kill(operands: readonly string[], options: KillOptions): number {
  if (options.list) return list(operands, options.json ?? false)
  if (operands.length === 0) throw new Failure('no process: say ipc kill [-SIGNAL] PID...')
  const { number: signal } =
    options.signal === '0' ? { number: 0 } : entryOf(options.signal ?? 'TERM')
  const pids = operands.map(processNumber)
  let status = DONE
  for (const pid of pids) {
    try {
      if (options.queue === undefined) send(pid, signal)
      else sigqueue(pid, signal, options.queue)
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      if (code === undefined || code.startsWith('ERR_')) throw error
      status = say(code === 'ESRCH' ? `${pid}: no such process` : message, NOT_DONE)
    }
  }
  return status
}

function processNumber(text: string): number {
  const pid = Number(text)
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(pid)) return pid
  throw new Failure(`no process number: ${JSON.stringify(text)}`)
}

/** Accepts a shell's status of a command that a signal ended, as POSIX asks: `ipc kill -l $?`. */
function signalOfStatus(text: string): string {
  const number = Number(text)
  return /^\d+$/.test(text) && number > BY_SIGNAL && number < 2 * BY_SIGNAL
    ? String(number - BY_SIGNAL)
    : text
}

/** Finds a signal by its number or its name, however the name is written. */
function entryOf(text: string): SignalEntry {
  const all = signalTable()
  const name = `SIG${text.toUpperCase().replace(/^SIG/, '')}`
  const given = /^\d+$/.test(text) ? Number(text) : spelled(name, all)
  const entry = all.find(({ number }) => number === given)
  if (entry !== undefined) return entry
  throw new Failure(`no such signal: ${JSON.stringify(text)}; see ipc kill -l`)
}

/** Finds the number of a signal by its name. A real-time signal may be counted from either end. */
function spelled(name: string, all: readonly SignalEntry[]): number | undefined {
  const [, end, sign, distance] = /^SIGRT(MIN|MAX)([+-])(\d+)$/.exec(name) ?? []
  if (end === undefined) return all.find(({ signal }) => signal === name)?.number
  const from = all.find(({ signal }) => signal === `SIGRT${end}`)?.number
  if (from === undefined || (end === 'MIN') !== (sign === '+')) return undefined
  const number = from + Number(`${sign}${distance}`)
  return all.some((entry) => entry.number === number && entry.signal.startsWith('SIGRT'))
    ? number
    : undefined
}

function list(only: readonly string[], json: boolean): number {
  const entries =
    only.length === 0 ? signalTable() : only.map((text) => entryOf(signalOfStatus(text)))
  if (json) {
    print(`${JSON.stringify(entries, null, 2)}\n`)
  } else {
    const rows = entries.map(({ number, signal, action, description }) => [
      String(number).padStart(2),
      signal,
      action,
      description,
    ])
    print(table(rows))
  }
  return DONE
}
