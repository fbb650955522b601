/** Prints a view as lines for people. */
import type { SeenAgent } from '@ipc/core'
import type { Deadlock, Link } from './deadlocks.ts'
import type { Paint } from './paint.ts'
import type { Numbered, Processes } from './processes.ts'
import type { ViewWithDeadlocks } from './look.ts'
import type { ViewedObject, Waiter } from './view.ts'
import type { NamedLock } from './words.ts'

/** Every line is cut at `width`, except the words about deadlocks, which are wrapped. */
export function linesOf(view: ViewWithDeadlocks, paint: Paint, width: number = Infinity): string[] {
  const { objects, deadlocks, processes } = view
  const printer = new Printer(processes, paint, width, Date.now())
  return [
    ...deadlocks.flatMap((deadlock) => printer.deadlock(deadlock)),
    ...objects.flatMap((object) => printer.object(object)),
  ]
}

function titleOf({ kind, name }: ViewedObject): string {
  return name === null ? `${kind} without a name` : `${kind} "${name}"`
}

/** Writes a duration as `45s`, `3m 20s`, `2h 5m`, `4d 3h`. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return `${s}s`
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`
  if (s < 86_400) return `${Math.floor(s / 3600)}h ${Math.floor(s / 60) % 60}m`
  return `${Math.floor(s / 86_400)}d ${Math.floor(s / 3600) % 24}h`
}

/** A terminal with fewer columns than this gets lines that are not aligned. */
const ROOMY = 64

class Printer {
  readonly #processes: Processes
  readonly #paint: Paint
  readonly #width: number
  readonly #now: number

  constructor(processes: Processes, paint: Paint, width: number, now: number) {
    this.#processes = processes
    this.#paint = paint
    this.#width = width
    this.#now = now
  }

  object(object: ViewedObject): string[] {
    const { strong, faint, good, waiting, bad } = this.#paint
    const { kind, name, says, waiters, users } = object
    const shown = name ?? '(no name)'
    const open = users.length === 0 ? 'nobody has it open' : `open ${users.length}×`
    const head = this.#cut([
      [kind.padEnd(9), faint],
      [` ${shown}`, strong],
      [`  ${says.state}`, says.state === 'abandoned' ? bad : plain],
      [`  ${open}`, faint],
    ])
    const dead = says.dead.map((agent) => this.#row('died', bad, agent, 'holding it'))
    if (says.locks !== undefined) {
      return [head, ...says.locks.map((lock) => this.#lock(lock, waiters)), ...dead]
    }
    return [
      head,
      ...says.holders.map((agent) => this.#row('held by', good, agent, this.#heldFor(agent))),
      ...dead,
      ...waiters.map(({ agent, wait }) =>
        this.#row(wait.blocked ? 'waits' : 'awaits', waiting, agent, this.#for(wait.since)),
      ),
    ]
  }

  /** Prints one of the many locks of an object: its name stands where others have only the command. */
  #lock({ name, mode, held, agent }: NamedLock, waiters: readonly Waiter[]): string {
    const { good, waiting } = this.#paint
    const wait = waiters.find((one) => one.agent === agent)?.wait
    const when = held ? this.#heldFor(agent) : wait === undefined ? '' : this.#for(wait.since)
    const shared = mode === 'shared' ? ', shared' : ''
    const what = `${JSON.stringify(name)}${shared}  `
    return this.#row(held ? 'held by' : 'awaits', held ? good : waiting, agent, when, what)
  }

  deadlock({ certain, circle }: Deadlock): string[] {
    const { bad } = this.#paint
    const title = `${certain ? 'Deadlock' : 'Perhaps a deadlock'} of ${circle.length}: `
    const steps = circle.map((link) => this.#step(link)).join('; ')
    return [...wrap(`${title}${steps}.`, this.#width).map(bad), '']
  }

  #step({ agent, next, object }: Link): string {
    const who = `${this.#number(agent)} (${agent.livesInHeirs ? 'killed' : this.#command(agent)})`
    if (object === null) return `${who} runs ${this.#number(next)}`
    return `${who} waits for ${titleOf(object)}, which ${this.#number(next)} holds`
  }

  #row(
    what: string,
    colour: (text: string) => string,
    agent: SeenAgent,
    when: string,
    name = '',
  ): string {
    const { strong, faint } = this.#paint
    return this.#cut([
      [`  ${this.#column(what, 8)}`, colour],
      [` ${this.#column(this.#number(agent), 8)}`, strong],
      [` ${this.#column(when, 13)}`, faint],
      [` ${name}`, strong],
      [this.#describe(agent), plain],
    ])
  }

  /** Where there is little room, columns are not filled up: the command, which comes last, needs the room. */
  #column(text: string, width: number): string {
    return this.#width < ROOMY ? text : text.padEnd(width)
  }

  #number({ pid, threadId }: SeenAgent): string {
    if (pid === 0) return '?'
    return threadId === 0 ? String(pid) : `${pid}/${threadId}`
  }

  #describe(agent: SeenAgent): string {
    const { alive, livesInHeirs, command, foreign } = agent
    if (livesInHeirs) {
      const heir =
        command === null
          ? ''
          : `: ${foreign ? '' : `${command.pid} `}${this.#command({ pid: command.pid, foreign })}`
      return `(killed; what it started goes on${heir})`
    }
    return alive || foreign ? this.#command(agent) : '(gone)'
  }

  #command({ pid, foreign }: Numbered): string {
    if (foreign) return `(pid ${pid} of another namespace)`
    return this.#processes.of(pid)?.command ?? '(gone)'
  }

  #heldFor(agent: SeenAgent): string {
    if (agent.command !== null) return this.#for(agent.command.since)
    const since = this.#processes.ofAgent(agent)?.since
    return since === undefined ? '' : `at most ${age(this.#now - since.getTime())}`
  }

  #for(since: Date): string {
    return `for ${age(this.#now - since.getTime())}`
  }

  /** Colours take no room. */
  #cut(parts: readonly (readonly [string, (text: string) => string])[]): string {
    let left = this.#width
    let line = ''
    for (const [text, paint] of parts) {
      if (left <= 0) break
      const shown = text.length > left ? `${text.slice(0, Math.max(0, left - 1))}…` : text
      left -= text.length
      line += shown.trim() === '' ? shown : paint(shown)
    }
    return line.trimEnd()
  }
}

function plain(text: string): string {
  return text
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => line.slice(0, width))
}
