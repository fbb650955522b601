/** `ipc top`. */
import { setTimeout as delay } from 'node:timers/promises'
import { isScreen, paintFor } from '../look/paint.ts'
import { linesOf } from '../look/print.ts'
import { look } from '../look/look.ts'
import { print } from '../print.ts'

export interface TopOptions {
  readonly delay?: number
  readonly count?: number
}

const SHORTEST_MS = 50
const OTHER_SCREEN = '\u001B[?1049h\u001B[?25l'
const BACK = '\u001B[?25h\u001B[?1049l'
const HOME = '\u001B[H'
const CLEAR_LINE = '\u001B[K'
const CLEAR_BELOW = '\u001B[J'
const QUIT = new Set(['q', 'Q', '\u001B', '\u0003', '\u0004'])

export async function top({ delay: ms = 1000, count = Infinity }: TopOptions): Promise<void> {
  const screen = isScreen(process.stdout) ? new Screen() : null
  const pause = Math.max(ms, SHORTEST_MS)
  try {
    for (let i = 0; i < count && screen?.ended.aborted !== true; i++) {
      if (i > 0) await (screen?.pause(pause) ?? delay(pause))
      if (screen?.ended.aborted) break
      if (screen === null) print(`${frame(Infinity).join('\n')}\n\n`)
      else screen.draw()
    }
  } finally {
    screen?.close()
  }
}

function frame(width: number): string[] {
  const paint = paintFor(process.stdout)
  const view = look()
  const { objects, agents, deadlocks } = view
  const circles = deadlocks.length === 0 ? '' : `, ${counted(deadlocks.length, 'deadlock')}`
  const time = new Date().toTimeString().slice(0, 8)
  const title = `ipc top  ${time}  ${counted(objects.length, 'object')}, ${counted(agents.length, 'thread')}${circles}`
  return [paint.strong(title.slice(0, width)), '', ...linesOf(view, paint, width)]
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}

/** The whole terminal, until somebody presses q; when it is resized, the screen is drawn anew. */
class Screen {
  readonly #end = new AbortController()
  readonly #drawAnew = (): void => this.draw()
  readonly #quit = (): void => this.#end.abort()

  constructor() {
    const { stdin, stdout } = process
    stdout.write(OTHER_SCREEN)
    stdout.on('resize', this.#drawAnew)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.#quit)
    if (!stdin.isTTY) return
    stdin.setRawMode(true)
    stdin.on('data', (keys) => {
      if (QUIT.has(String(keys))) this.#quit()
    })
  }

  get ended(): AbortSignal {
    return this.#end.signal
  }

  async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.ended }).catch(() => {})
  }

  draw(): void {
    const columns = process.stdout.columns || 80 // it is 0 where nobody has set the size
    const rows = process.stdout.rows || 24
    const lines = frame(columns)
    const shown =
      lines.length <= rows
        ? lines
        : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`]
    print(HOME + shown.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW)
  }

  close(): void {
    const { stdin, stdout } = process
    stdout.off('resize', this.#drawAnew)
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.pause()
    stdout.write(BACK)
  }
}
