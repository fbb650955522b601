import { readFileSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { Lock } from '@ipc/lock'
import {
  pause,
  raise,
  setitimer,
  SIG_DFL,
  SIG_IGN,
  SIG_NODE,
  sigmask,
  signal,
  signalCounters,
  sigpending,
  sigwait,
  sigwaitAsync,
  type SignalInfo,
} from '@ipc/signals'
import {
  FIRST_HANDLERS,
  HANDLED,
  HEARD,
  INSTALLED,
  PENDING,
  RESULT,
  STEP,
  TAKEN,
} from './entries.ts'
import { RECEIVER, type History } from './history.ts'
import { nap, spin } from './nap.ts'
import { numberOf } from './numbers.ts'
import { ALL, allSteps, type SignalProgram, type Step } from './program.ts'
import type { End } from './protocol.ts'

const LOOK_MS = 0.05

class Interrupted extends Error {}

/** The process that receives signals: it does the steps of a program, and records what it is told. */
export class Receiver {
  readonly #history: History
  readonly #lock = Lock.create()
  readonly #kernelAtStart = kernelView()
  readonly #listeners = new Map<string, () => void>()
  #start = 0
  #receivedBefore = 0
  #senders = 0
  #throws = false

  private constructor(history: History) {
    this.#history = history
    this.#lock.acquire()
  }

  static async make(history: History): Promise<Receiver> {
    // Threads that start later do not yet block the signals that are handled, and may change their order. So
    // this starts the threads of libuv's pool now.
    await access('/')
    return new Receiver(history)
  }

  prepare(): void {
    this.#receivedBefore = signalCounters().received
    for (const name of ALL) this.#handle(name, FIRST_HANDLERS)
    this.#start = performance.now()
  }

  async run(program: SignalProgram): Promise<End> {
    this.#senders = program.senders.length
    for (const [i, step] of allSteps(program).entries()) await this.#do(i, step)
    for (const [name, listener] of this.#listeners) process.off(name, listener)
    this.#listeners.clear()
    for (const name of ALL) signal(name, SIG_NODE)
    const { received, lost } = signalCounters()
    const now = kernelView()
    const leftOver = now === this.#kernelAtStart ? '' : `${this.#kernelAtStart} → ${now}`
    return { received: received - this.#receivedBefore, lost, leftOver }
  }

  /** Synchronous steps follow each other without a turn of the event loop. */
  #do(index: number, step: Step): Promise<void> | undefined {
    const history = this.#history
    const at = history.begin(RECEIVER, STEP, index, Math.floor(this.#now()), 0)
    history.step = index + 1
    const end = (result: number): void => history.end(at, result, Math.ceil(this.#now()))
    const result = this.#perform(index, step)
    if (result instanceof Promise) return result.then(end)
    end(result)
    return undefined
  }

  #perform(index: number, step: Step): number | Promise<number> {
    if (step.do === 'sigwait') return this.#took(sigwait(step.set, { timeoutMs: step.ms }))
    if (step.do === 'sigwaitAsync') {
      return sigwaitAsync(step.set, { timeoutMs: step.ms }).then((info) => this.#took(info))
    }
    if (step.do === 'pause') {
      return pause({ timeoutMs: step.ms }) === null ? RESULT.nothing : RESULT.done
    }
    if (step.do === 'lock') return this.#wait(step.ms, step.throws)
    if (step.do === 'sleep') return sleep(step.ms)
    this.#change(index, step)
    return RESULT.done
  }

  /** Does a step that changes or reads something and has no result. */
  #change(index: number, step: Step): void {
    if (step.do === 'mask') sigmask(step.how, step.set)
    else if (step.do === 'handle') this.#handle(step.signal, index)
    else if (step.do === 'ignore') signal(step.signal, SIG_IGN)
    else if (step.do === 'default') signal(step.signal, SIG_DFL)
    else if (step.do === 'listen') this.#listen(step.signal)
    else if (step.do === 'unlisten') this.#unlisten(step.signal)
    else if (step.do === 'raise') raise(step.signal)
    else if (step.do === 'timer') setitimer('real', step)
    else if (step.do === 'compute') spin(step.ms)
    else if (step.do === 'meet') this.#meet(index)
    else for (const name of sigpending()) this.#note(PENDING, numberOf(name), 0, 0)
  }

  #handle(name: string, step: number): void {
    signal(name, (_, info) => {
      this.#record(HANDLED, info, step)
      if (this.#throws) throw new Interrupted(name)
    })
  }

  #listen(name: string): void {
    if (this.#listeners.has(name)) return
    const number = numberOf(name)
    const listener = (): void => this.#note(HEARD, number, 0, 0)
    this.#listeners.set(name, listener)
    process.on(name, listener)
  }

  #unlisten(name: string): void {
    process.off(name, this.#listeners.get(name) ?? (() => {}))
    this.#listeners.delete(name)
  }

  #took(info: SignalInfo | null): number {
    if (info === null) return RESULT.nothing
    this.#record(TAKEN, info, 0)
    return RESULT.done
  }

  #wait(ms: number, throws: boolean): number {
    this.#throws = throws
    try {
      return this.#lock.tryAcquire({ timeoutMs: ms }) === null ? RESULT.nothing : RESULT.done
    } catch (error) {
      if (error instanceof Interrupted) return RESULT.threw
      throw error
    } finally {
      this.#throws = false
    }
  }

  /** Waits until the senders have sent what they were to send by now; dead senders count as done. */
  #meet(index: number): void {
    for (let sender = 0; sender < this.#senders; sender++) {
      while (this.#history.progressOf(sender) <= index) nap(LOOK_MS)
    }
  }

  #record(what: number, { number, value, pid, code }: SignalInfo, step: number): void {
    const at = this.#history.begin(RECEIVER, what, number, value, pid)
    this.#history.note(at, step + INSTALLED, code, Math.ceil(this.#now()))
  }

  #note(what: number, a: number, b: number, c: number): void {
    this.#history.end(this.#history.begin(RECEIVER, what, a, b, c), 0)
  }

  /** Microseconds since the start of the program. */
  #now(): number {
    return (performance.now() - this.#start) * 1000
  }
}

async function sleep(ms: number): Promise<number> {
  await (ms === 0 ? turn() : delay(ms))
  return RESULT.done
}

/** Answers with what the kernel knows of this process: its ignored, caught and blocked signals. */
function kernelView(): string {
  const status = readFileSync('/proc/self/status', 'utf8')
  return [...status.matchAll(/Sig(?:Blk|Ign|Cgt):\s*(\w+)/g)].map(([, set]) => set).join(' ')
}
