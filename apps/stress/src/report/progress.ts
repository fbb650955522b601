import type { Session } from '../run/session.ts'
import { operations } from './summary.ts'
import { count } from './table.ts'

const TTY_MS = 200
const LOG_MS = 5000

/** Says now and then how far it is: one line that changes on a terminal, lines elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream
  readonly #budgetMs: number
  #start = 0
  #last = 0

  constructor(budgetMs: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#budgetMs = budgetMs
    this.#stream = stream
  }

  begin(): void {
    this.#start = this.#last = performance.now()
  }

  show(tallies: Session['tallies']): void {
    const now = performance.now()
    if (now - this.#last < (this.#stream.isTTY ? TTY_MS : LOG_MS)) return
    this.#last = now
    const { thread, process } = tallies
    const sum = (of: (tally: typeof thread) => number): string => count(of(thread) + of(process))
    const parts = [
      `${Math.round((now - this.#start) / 1000)} of ${Math.round(this.#budgetMs / 1000)} s`,
      `${sum((t) => t.programs)} programs`,
      `${count(operations(tallies))} operations`,
      `${sum((t) => t.kills + t.terminations)} killed`,
      'no violation',
    ]
    const line = parts.join(', ')
    this.#stream.write(this.#stream.isTTY ? `\r\u001B[K${line}` : `${line}\n`)
  }

  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001B[K')
  }
}
