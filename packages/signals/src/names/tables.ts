import { constants } from 'node:os'
import { native } from '../native.ts'

/** The effect of a signal on a process that neither handles nor ignores it. */
export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue'

export interface SignalEntry {
  readonly signal: string
  readonly number: number
  readonly action: DefaultAction
  readonly description: string
}

/** The standard signals, as POSIX and Linux describe them. */
const STANDARD: readonly [signal: NodeJS.Signals, action: DefaultAction, description: string][] = [
  ['SIGHUP', 'terminate', 'Hangup'],
  ['SIGINT', 'terminate', 'Interrupt'],
  ['SIGQUIT', 'core', 'Quit'],
  ['SIGILL', 'core', 'Illegal instruction'],
  ['SIGTRAP', 'core', 'Trace/breakpoint trap'],
  ['SIGABRT', 'core', 'Aborted'],
  ['SIGBUS', 'core', 'Bus error'],
  ['SIGFPE', 'core', 'Floating point exception'],
  ['SIGKILL', 'terminate', 'Killed'],
  ['SIGUSR1', 'terminate', 'User defined signal 1'],
  ['SIGSEGV', 'core', 'Segmentation fault'],
  ['SIGUSR2', 'terminate', 'User defined signal 2'],
  ['SIGPIPE', 'terminate', 'Broken pipe'],
  ['SIGALRM', 'terminate', 'Alarm clock'],
  ['SIGTERM', 'terminate', 'Terminated'],
  ['SIGSTKFLT', 'terminate', 'Stack fault'],
  ['SIGCHLD', 'ignore', 'Child exited'],
  ['SIGCONT', 'continue', 'Continued'],
  ['SIGSTOP', 'stop', 'Stopped (signal)'],
  ['SIGTSTP', 'stop', 'Stopped'],
  ['SIGTTIN', 'stop', 'Stopped (tty input)'],
  ['SIGTTOU', 'stop', 'Stopped (tty output)'],
  ['SIGBREAK', 'terminate', 'Ctrl-Break'],
  ['SIGURG', 'ignore', 'Urgent I/O condition'],
  ['SIGXCPU', 'core', 'CPU time limit exceeded'],
  ['SIGXFSZ', 'core', 'File size limit exceeded'],
  ['SIGVTALRM', 'terminate', 'Virtual timer expired'],
  ['SIGPROF', 'terminate', 'Profiling timer expired'],
  ['SIGWINCH', 'ignore', 'Window changed'],
  ['SIGIO', 'terminate', 'I/O possible'],
  ['SIGINFO', 'ignore', 'Information request'],
  ['SIGPWR', 'terminate', 'Power failure'],
  ['SIGSYS', 'core', 'Bad system call'],
]

/** libc keeps the first real-time signals for itself: two of them with glibc, three with musl. */
function realTimeRange(): [min: number, max: number] | null {
  const addon = native()
  if (addon !== null) return [addon.rtmin, addon.rtmax]
  return process.platform === 'linux' ? [34, 64] : null
}

/** The names count from the nearer end, as those of `kill -l` do. */
function realTimeName(number: number, min: number, max: number): string {
  const above = number - min
  const below = max - number
  if (below === 0) return 'SIGRTMAX'
  if (above === 0) return 'SIGRTMIN'
  return above <= below ? `SIGRTMIN+${above}` : `SIGRTMAX-${below}`
}

function makeTable(): SignalEntry[] {
  const numbers = constants.signals as Readonly<Record<string, number | undefined>>
  const table: SignalEntry[] = []
  for (const [signal, action, description] of STANDARD) {
    const number = numbers[signal]
    if (number !== undefined) table.push({ signal, number, action, description })
  }
  const [min, max] = realTimeRange() ?? [1, 0]
  for (let number = min; number <= max; number++) {
    const signal = realTimeName(number, min, max)
    const description = `Real-time signal ${number - min}`
    table.push({ signal, number, action: 'terminate', description })
  }
  return table.toSorted((a, b) => a.number - b.number)
}

interface Tables {
  readonly entries: readonly SignalEntry[]
  /** An array and not a Map: every delivery reads it. */
  readonly byNumber: readonly (SignalEntry | undefined)[]
  /** Every spelling, with and without its SIG. */
  readonly byName: ReadonlyMap<string, number>
}

function index(entries: readonly SignalEntry[]): Tables {
  const byName = new Map<string, number>()
  for (const [name, number] of Object.entries(constants.signals)) byName.set(name.slice(3), number)
  const [min, max] = realTimeRange() ?? [1, 0]
  for (let number = min; number <= max; number++) {
    byName.set(`RTMIN+${number - min}`, number)
    byName.set(`RTMAX-${max - number}`, number)
  }
  if (min <= max) byName.set('RTMIN', min).set('RTMAX', max)
  for (const [name, number] of Array.from(byName)) byName.set(`SIG${name}`, number)
  const byNumber: (SignalEntry | undefined)[] = Array.from({ length: entries.at(-1)!.number + 1 })
  for (const entry of entries) byNumber[entry.number] = entry
  return { entries, byName, byNumber }
}

let made: Tables | undefined

/** Made by the first call: they need the addon, and importing a package should load nothing. */
export function tables(): Tables {
  return (made ??= index(makeTable()))
}

/** The signals that `kill -l` prints, with numbers, default actions and descriptions; by number. */
export function signalTable(): SignalEntry[] {
  return tables().entries.map((entry) => ({ ...entry }))
}

/** The names of all signals of this platform, by number. */
export function validSignals(): string[] {
  return tables().entries.map((entry) => entry.signal)
}
