import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Reaper } from '../real/pool/reaper.ts'
import type { History } from './history.ts'
import { isPlantedSignal } from './planted.ts'
import type { Part, Reply, Request } from './protocol.ts'

/** Processes run what was built, also when the sources are tested. */
const ENTRY = fileURLToPath(new URL('../../dist/signals/process.js', import.meta.url))

/** A process that does what it is told, until it dies. */
export interface Hand {
  readonly pid: number
  /** Resolves when it has ended, with a signal or an exit code. */
  readonly exited: Promise<string>
  readonly alive: boolean
  /** Resolves with its answer, or with null when it has ended instead. */
  ask(request: Request): Promise<Reply | null>
  kill(signal: NodeJS.Signals): void
}

/** The crew is started ahead of time, because that takes longer than most programs. */
export class Crew {
  readonly #history: History
  readonly #planted: string | undefined
  readonly #reaper: Reaper | null
  readonly #all = new Set<Hand>()
  readonly #idle: Record<Part['is'], Promise<Hand>[]> = { receiver: [], sender: [] }

  constructor(
    history: History,
    planted: string | undefined,
    reaper: Reaper | null,
    senders: number,
  ) {
    this.#history = history
    this.#planted = isPlantedSignal(planted) ? planted : undefined
    this.#reaper = reaper
    for (let i = 0; i < senders; i++) this.#idle.sender.push(this.#start('sender'))
    this.#idle.receiver.push(this.#start('receiver'), this.#start('receiver'))
  }

  async take(is: Part['is']): Promise<Hand> {
    for (;;) {
      const hand = await (this.#idle[is].shift() ?? this.#start(is))
      if (hand.alive) return hand
    }
  }

  /** The dead are replaced. */
  giveBack(is: Part['is'], hand: Hand): void {
    this.#idle[is].push(hand.alive ? Promise.resolve(hand) : this.#start(is))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#idle.receiver, ...this.#idle.sender])
    await Promise.all(
      [...this.#all].map((hand) => {
        hand.kill('SIGKILL')
        return hand.exited
      }),
    )
  }

  async #start(is: Part['is']): Promise<Hand> {
    const argument = [this.#history.memory.handle, is, this.#planted ?? null]
    const child = fork(ENTRY, [JSON.stringify(argument)], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    let alive = true
    let answer: (reply: Reply | null) => void = () => {}
    const next = (): Promise<Reply | null> => new Promise((resolve) => (answer = resolve))
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        alive = false
        resolve(signal ?? `exit code ${code}`)
        answer(null)
      })
    })
    child.on('error', () => {}) // a request went to a process that was killed; `exited` tells
    child.on('message', (reply: Reply) => answer(reply))
    const hand: Hand = {
      pid: child.pid!,
      exited,
      get alive() {
        return alive
      },
      ask(request) {
        const reply = next()
        if (!alive) return Promise.resolve(null)
        child.send(request, () => {})
        return reply
      },
      kill: (signal) => void (alive && child.kill(signal)),
    }
    this.#all.add(hand)
    void exited.then(() => this.#all.delete(hand))
    void this.#reaper?.watch({ pid: hand.pid, exited })
    if ((await next()) === null) throw new Error(`a ${is} did not start: ${await exited}`)
    return hand
  }
}
