import { setTimeout as delay } from 'node:timers/promises'
import { checkSignals } from './check.ts'
import type { Crew, Hand } from './crew.ts'
import { FINISHED, type History } from './history.ts'
import type { SignalProgram } from './program.ts'
import type { End, Reply } from './protocol.ts'
import { readTrace, type Trace } from './trace.ts'
import type { SignalViolation } from './violation.ts'

/** Something must happen within this time. */
const PATIENCE_MS = 10_000
const LOOK_MS = 20

export interface SignalRun {
  readonly violations: readonly SignalViolation[]
  readonly trace: Trace
  readonly kills: number
  readonly stops: number
}

/** Runs a program once on real processes, with its faults, and checks what was recorded. */
export async function runSignals(
  crew: Crew,
  history: History,
  program: SignalProgram,
): Promise<SignalRun> {
  history.reset()
  const receiver = await crew.take('receiver')
  const senders = await Promise.all(program.senders.map(() => crew.take('sender')))
  try {
    return await new Running(history, program, receiver, senders).go()
  } finally {
    crew.giveBack('receiver', receiver)
    for (const sender of senders) crew.giveBack('sender', sender)
  }
}

class Running {
  readonly #history: History
  readonly #program: SignalProgram
  readonly #receiver: Hand
  readonly #senders: readonly Hand[]
  readonly #errors: SignalViolation[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  #end: End | null = null
  #death: string | null = null
  #over = false
  #kills = 0
  #stops = 0

  constructor(history: History, program: SignalProgram, receiver: Hand, senders: readonly Hand[]) {
    this.#history = history
    this.#program = program
    this.#receiver = receiver
    this.#senders = senders
  }

  async go(): Promise<SignalRun> {
    const { pid } = this.#receiver
    await this.#all(
      () => this.#receiver.ask(this.#prepare({ is: 'receiver' })),
      (sender, index) => sender.ask(this.#prepare({ is: 'sender', index, to: pid })),
    )
    const done = this.#all(
      () => this.#receive(),
      (sender, index) => this.#send(sender, index),
    )
    this.#startFaults()
    await Promise.race([done, this.#watch()])
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#receiver.kill('SIGCONT')
    if (this.#errors.some(({ law }) => law === LIVELY)) await this.#killAll()
    await done
    const trace = readTrace(this.#history, this.#program, {
      death: this.#death,
      end: this.#end,
      pids: [...this.#senders.map((sender) => sender.pid), pid],
    })
    const violations = [...this.#errors, ...checkSignals(trace)]
    return { violations, trace, kills: this.#kills, stops: this.#stops }
  }

  #prepare(part: Extract<Parameters<Hand['ask']>[0], { do: 'prepare' }>['part']) {
    return { do: 'prepare', program: this.#program, part } as const
  }

  async #all(
    ofReceiver: () => Promise<Reply | null>,
    ofSender: (sender: Hand, index: number) => Promise<Reply | null>,
  ): Promise<void> {
    const replies = await Promise.all([ofReceiver(), ...this.#senders.map(ofSender)])
    for (const [i, reply] of replies.entries()) {
      if (reply?.did !== 'fail') continue
      const who = i === 0 ? 'the receiver' : `sender ${i - 1}`
      this.#errors.push({ law: 'nothing throws', text: `${who}: ${reply.error}`, signal: null })
    }
  }

  async #receive(): Promise<Reply | null> {
    const reply = await this.#receiver.ask({ do: 'go' })
    if (reply?.did === 'go') this.#end = reply.end ?? null
    if (reply === null) this.#death = await this.#receiver.exited
    this.#history.stop()
    return reply
  }

  async #send(sender: Hand, index: number): Promise<Reply | null> {
    const reply = await sender.ask({ do: 'go' })
    this.#history.setProgress(index, FINISHED)
    return reply
  }

  #startFaults(): void {
    for (const fault of this.#program.faults) {
      this.#after(fault.afterMs, () => {
        if (fault.what === 'kill') {
          this.#kills++
          return this.#senders[fault.sender]!.kill('SIGKILL')
        }
        this.#stops++
        this.#receiver.kill('SIGSTOP')
        this.#after(fault.forMs, () => this.#receiver.kill('SIGCONT'))
      })
    }
  }

  #after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, ms)
    this.#timers.add(timer)
  }

  async #watch(): Promise<void> {
    let seen = this.#history.now
    let since = performance.now()
    while (!this.#over) {
      await delay(LOOK_MS)
      const now = performance.now()
      if (this.#history.now !== seen) {
        seen = this.#history.now
        since = now
      } else if (now - since > PATIENCE_MS && !this.#over) {
        const text = `nothing happened for ${PATIENCE_MS / 1000} s, at step ${this.#history.step - 1}`
        this.#errors.push({ law: LIVELY, text, signal: null })
        return
      }
    }
  }

  async #killAll(): Promise<void> {
    const all = [this.#receiver, ...this.#senders]
    for (const hand of all) hand.kill('SIGKILL')
    await Promise.all(all.map(({ exited }) => exited))
  }
}

const LIVELY = 'nobody is left asleep'
