/** Reads from /proc what it shows of processes; null for a process that it does not show. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

export interface ProcessInfo {
  readonly pid: number
  readonly parent: number
  /** The program and its arguments, written for people. */
  readonly command: string
  readonly since: Date
}

/** Clock ticks per second, which is the same on every Linux that Node runs on. */
const TICKS = 100

/** A pid that may be `foreign`: a number in another pid namespace names another process here, or none. */
export interface Numbered {
  readonly pid: number
  readonly foreign?: true | undefined
}

export class Processes {
  readonly #seen = new Map<number, ProcessInfo | null>()
  readonly #bootMs = bootTimeMs()

  /** The process of an agent; null for one that is not numbered here. */
  ofAgent({ pid, foreign }: Numbered): ProcessInfo | null {
    return foreign ? null : this.of(pid)
  }

  of(pid: number): ProcessInfo | null {
    let info = this.#seen.get(pid)
    if (info === undefined) this.#seen.set(pid, (info = this.#read(pid)))
    return info
  }

  /** Whether one agent runs in a process that the other has started as its command. */
  runsUnder(agent: Numbered, above: Numbered, command: number): boolean {
    return !agent.foreign && !above.foreign && this.descends(agent.pid, command)
  }

  /** Whether `pid` is `ancestor` or was started by it, directly or not. */
  descends(pid: number, ancestor: number): boolean {
    for (let at: number | undefined = pid, steps = 0; at && steps < 1000; steps++) {
      if (at === ancestor) return true
      at = this.of(at)?.parent
    }
    return false
  }

  #read(pid: number): ProcessInfo | null {
    try {
      // "pid (name) state ppid …"; the name may contain anything
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      const rest = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
      const since = new Date(this.#bootMs + (Number(rest[19]) / TICKS) * 1000)
      return { pid, parent: Number(rest[1]), command: printable(commandOf(line, name)), since }
    } catch {
      return null
    }
  }
}

function bootTimeMs(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]) * 1000
}

/** Shortens `node /a/b/ipc run x` to `ipc run x`, `/usr/bin/node /a/worker.js` to `node worker.js`. */
function commandOf([program = '', ...rest]: string[], name: string): string {
  if (program === '') return `[${name}]`
  const isNode = basename(program) === 'node'
  const script = isNode ? rest.findIndex((argument) => !argument.startsWith('-')) : -1
  if (script < 0) return [basename(program), ...rest].join(' ')
  const path = rest[script]!
  const isOurs = /\/ipc(\.cjs)?$/.test(path)
  const after = rest.slice(script + 1)
  return [
    ...(isOurs ? ['ipc'] : ['node', ...rest.slice(0, script), basename(path)]),
    ...after,
  ].join(' ')
}

/** Removes everything that a terminal would obey. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
