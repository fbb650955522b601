const TTY_MS = 200
const LOG_MS = 10_000

/**
 * Says from time to time how far the work is: by one line that changes on a terminal, by a few plain lines
 * elsewhere.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream
  readonly #start: number = performance.now()
  #last: number = this.#start

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
  }

  /** May be called as often as you like; it calls `text` only when it is time. */
  show(text: (elapsedMs: number) => string): void {
    const now = performance.now()
    if (now - this.#last < (this.#stream.isTTY ? TTY_MS : LOG_MS)) return
    this.#last = now
    const seconds = `${Math.round((now - this.#start) / 1000)} s`.padStart(5)
    const line = `${seconds}  ${text(now - this.#start)}`
    if (!this.#stream.isTTY) this.#stream.write(`${line}\n`)
    else this.#stream.write(`\r\u001B[K${line.slice(0, (this.#stream.columns || 80) - 1)}`)
  }

  /** Leaves the line empty, for what is printed next. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001B[K')
  }
}
