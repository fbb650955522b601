import { setFlagsFromString } from 'node:v8'
import { asLoop, type Agent, type Code } from './agent.ts'
import { STOP } from './simulated-memory.ts'
import { Event, HAS_TIMER, IS_DONE, MAY_START } from './operation.ts'

/** An asynchronous call of an agent. */
export type Task = (loop: Loop) => Promise<void>

/** The tools that a task has beside its agent. */
export interface Loop {
  readonly agent: Agent
  /** A signal that may be aborted at any moment. */
  signal(): AbortSignal
  /** Lets other events happen first, or not. */
  turn(): Promise<void>
}

/**
 * An agent that is an event loop. It begins with the first task; the others begin, in order, at any
 * moment later. Which event comes next is an operation like any other; between two events all
 * microtasks run. So one execution is a synchronous function of its answers, as a thread is.
 */
export function eventLoop(tasks: readonly Task[]): Code {
  return asLoop((agent) => {
    const timers = new VirtualTimers()
    const restore = timers.install()
    try {
      run(agent, tasks, timers)
    } finally {
      restore()
    }
  }, canRunLoops)
}

function run(agent: Agent, tasks: readonly Task[], timers: VirtualTimers): void {
  const { memory } = agent
  const signals: FakeSignal[] = []
  const turns: (() => void)[] = []
  const loop: Loop = {
    agent,
    signal() {
      const signal = new FakeSignal()
      signals.push(signal)
      return signal.signal
    },
    turn: () => new Promise((resolve) => void turns.push(resolve)),
  }
  let started = 0
  let pending = 0
  const failures: unknown[] = []
  const start = (): void => {
    pending++
    tasks[started++]!(loop).then(
      () => void pending--,
      (error: unknown) => void failures.push(error),
    )
  }
  start()
  drain()
  while (memory.stoppedAt === null && failures.length === 0) {
    const isDone = pending === 0 && started === tasks.length
    if (isDone && !memory.hasTickets) return
    const mayStart = started < tasks.length || turns.length > 0 ? MAY_START : 0
    const aborts = signals.reduce((mask, one, i) => (one.isListening ? mask | (1 << i) : mask), 0)
    const hasTimer = timers.isEmpty ? 0 : HAS_TIMER
    const answer = memory.idle(mayStart | hasTimer | (isDone ? IS_DONE : 0), aborts)
    const n = (answer >> 3) & 7
    switch (answer >> 6) {
      case Event.TICKET:
        memory.wakeTicket(n, answer & 7)
        break
      case Event.START:
        if (turns.length > 0) turns.shift()!()
        else start()
        break
      case Event.TIMER:
        memory.setTime(timers.next)
        timers.fire()
        break
      default:
        signals[n]!.abort()
    }
    drain()
  }
  if (failures.length > 0) throw failures[0]
}

/* ---- what the code finds in place of the real things ------------------------------------------ */

class VirtualTimers {
  #last = 0
  #now = 0
  readonly #pending: Map<number, { readonly at: number; readonly call: () => void }> = new Map()

  get isEmpty(): boolean {
    return this.#pending.size === 0
  }

  /** The time at which the next timer is due. */
  get next(): number {
    return Math.min(...[...this.#pending.values()].map(({ at }) => at))
  }

  fire(): void {
    const [id, { at, call }] = [...this.#pending].reduce((a, b) => (b[1].at < a[1].at ? b : a))
    this.#now = at
    this.#pending.delete(id)
    call()
  }

  /** These replace the global timers. Intervals never fire: they only keep a process alive. */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
    const set = <A extends unknown[]>(
      call: (...args: A) => void,
      ms: number,
      ...args: A
    ): number => {
      this.#pending.set(++this.#last, { at: this.#now + ms, call: () => call(...args) })
      return this.#last
    }
    Object.assign(globalThis, {
      setTimeout: set,
      clearTimeout: (id: number) => this.#pending.delete(id),
      setInterval: () => 0,
      clearInterval: () => {},
    })
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
    }
  }
}

type Listener = (() => void) | { handleEvent(): void }

/** A real one hands the errors that its listeners throw to the process. */
class FakeSignal {
  readonly signal: AbortSignal
  readonly #listeners: Set<Listener> = new Set()
  #isAborted = false

  constructor() {
    const value = (it: unknown): PropertyDescriptor => ({ value: it })
    this.signal = Object.create(AbortSignal.prototype, {
      aborted: { get: () => this.#isAborted },
      reason: value(ABORTED),
      throwIfAborted: value(() => {
        if (this.#isAborted) throw ABORTED
      }),
      addEventListener: value((_: string, one: Listener) => void this.#listeners.add(one)),
      removeEventListener: value((_: string, one: Listener) => this.#listeners.delete(one)),
    }) as AbortSignal
  }

  /** Aborting makes a difference only while somebody listens. */
  get isListening(): boolean {
    return this.#listeners.size > 0
  }

  abort(): void {
    this.#isAborted = true
    for (const one of this.#listeners) {
      if (typeof one === 'function') one()
      else one.handleEvent()
    }
  }
}

/** The reason of every abort. */
export const ABORTED: Error = new Error('aborted by the explorer')

/* ---- microtasks -------------------------------------------------------------------------------- */

// The flag stays set: V8 forgets code that was not used for a while, and then parses it again.
setFlagsFromString('--allow-natives-syntax')
/** Runs all microtasks, unless one is running. */
// oxlint-disable-next-line no-new-func, no-implied-eval -- V8's own syntax
const drain = new Function('%PerformMicrotaskCheckpoint()') as () => void

let isListening = false

/** @throws where event loops cannot be executed */
function canRunLoops(): void {
  requireMacrotask()
  if (isListening) return
  isListening = true
  process.on('unhandledRejection', forgetStopped)
}

/** @throws where microtasks cannot be run: nothing asynchronous would go on there */
export function requireMacrotask(): void {
  let hasRun = false
  void Promise.resolve().then(() => (hasRun = true))
  drain()
  if (!hasRun) throw new Error('event loops can be explored outside microtasks only: inMacrotask')
}

/** Promises of an execution that was stopped are left as they are. */
function forgetStopped(reason: unknown): void {
  if (reason !== STOP) throw reason
}

/** Calls something where event loops can be explored. */
export function inMacrotask<T>(call: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(call())
      } catch (error) {
        reject(error)
      }
    })
  })
}
