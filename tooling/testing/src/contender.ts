import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { fromFailure, type Reply, type Request } from './protocol.ts'
import { within } from './watchdog.ts'

/** The values that a contender keeps between tasks, under names that the tasks choose. */
// oxlint-disable-next-line typescript/no-explicit-any -- it holds what the test's tasks put there
export type State = Record<string, any>

/** The first argument of a task: the modules by their names, and the state. */
export type Context<M extends object> = M & { readonly state: State }

export type Task<M extends object, A, R> = (context: Context<M>, argument: A) => R

export interface WorkerOptions {
  /** The URLs of the modules that tasks use, by name, from `import.meta.resolve`. */
  readonly modules?: Readonly<Record<string, string>>
  readonly execArgv?: readonly string[]
}

export interface ProcessOptions extends WorkerOptions {
  /** Variables that it gets in addition to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * Another thread or process that does what a test tells it.
 *
 * A task is a function that reaches the contender as text: it may use its two parameters and the
 * globals of Node, but nothing else of the test file, not even imports (`import()` neither: pass
 * `modules`). Write it as an arrow function or a function expression, not as a method.
 * Arguments and results are structured clones for a worker, and JSON for a process.
 */
export interface Contender<M extends object = object> {
  readonly kind: 'process' | 'worker'
  /** The process that it is, or of which it is a thread. */
  readonly pid: number
  /** 0 for a process. */
  readonly threadId: number
  /** How many tasks have not ended yet. */
  readonly pending: number
  readonly alive: boolean
  /** Resolves when it has ended, by itself or not. */
  readonly exited: Promise<Exit>

  /** Runs a task there; the promise settles as its result does. A watchdog watches it. */
  run<R, A = undefined>(task: Task<M, A, R>, argument?: A): Promise<Awaited<R>>
  /**
   * Runs a task that may take forever, and may block its thread. It has no watchdog, and its rejection
   * does not count as unhandled when the test ignores the promise.
   */
  start<R, A = undefined>(task: Task<M, A, R>, argument?: A): Promise<Awaited<R>>
  /** From now on it ends by itself when nothing that its tasks did keeps its event loop alive. */
  letGo(): void
  /** Sends a signal; processes only. */
  kill(signal: NodeJS.Signals): void
  /** Ends it at once (SIGKILL, `worker.terminate()`), and waits for that. */
  terminate(): Promise<Exit>
}

/** The error with which a pending task rejects when its contender ends. */
export class ContenderExitedError extends Error {
  override readonly name: string = 'ContenderExitedError'
  readonly code: string = 'ERR_CONTENDER_EXITED'
  readonly exit: Exit

  constructor(what: string, exit: Exit) {
    super(`${what} ended before its task: exit code ${exit.code}, signal ${exit.signal}`)
    this.exit = exit
  }
}

const living = new Set<{ terminate(): Promise<Exit> }>()

interface Waiter {
  resolve(result: unknown): void
  reject(reason: unknown): void
}

abstract class BaseContender<M extends object> implements Contender<M> {
  abstract readonly kind: 'process' | 'worker'
  abstract readonly pid: number
  abstract readonly threadId: number
  readonly exited: Promise<Exit>
  readonly ready: Promise<void>
  #exit: Exit | null = null
  #nextId = 1
  readonly #waiters = new Map<number, Waiter>()
  #setReady!: Waiter
  #setExited!: (exit: Exit) => void

  constructor() {
    living.add(this)
    this.exited = new Promise((resolve) => (this.#setExited = resolve))
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = { resolve: () => resolve(), reject }
    })
    this.ready.catch(() => {})
  }

  protected abstract send(request: Request): void
  abstract kill(signal: NodeJS.Signals): void
  protected abstract end(): void

  get pending(): number {
    return this.#waiters.size
  }

  get alive(): boolean {
    return this.#exit === null
  }

  protected get what(): string {
    return this.kind === 'process' ? `process ${this.pid}` : `worker ${this.threadId}`
  }

  protected receive(reply: Reply): void {
    if ('ready' in reply) return this.#setReady.resolve(undefined)
    const waiter = this.#waiters.get(reply.id)
    this.#waiters.delete(reply.id)
    if ('failure' in reply) waiter?.reject(fromFailure(reply.failure))
    else waiter?.resolve(reply.result)
  }

  protected ended(exit: Exit, error?: unknown): void {
    if (this.#exit !== null) return
    this.#exit = exit
    living.delete(this)
    const reason = error ?? new ContenderExitedError(this.what, exit)
    this.#setReady.reject(reason)
    for (const waiter of this.#waiters.values()) waiter.reject(reason)
    this.#waiters.clear()
    this.#setExited(exit)
  }

  run<R, A>(task: Task<M, A, R>, argument?: A): Promise<Awaited<R>> {
    return within(this.start(task, argument), `a task in ${this.what}: ${excerpt(task)}`)
  }

  start<R, A>(task: Task<M, A, R>, argument?: A): Promise<Awaited<R>> {
    const promise = new Promise<unknown>((resolve, reject) => {
      if (this.#exit !== null) throw new ContenderExitedError(this.what, this.#exit)
      const id = this.#nextId++
      this.#waiters.set(id, { resolve, reject })
      this.send({ do: 'run', id, task: task.toString(), argument })
    })
    promise.catch(() => {})
    return promise as Promise<Awaited<R>>
  }

  letGo(): void {
    this.send({ do: 'let go' })
  }

  terminate(): Promise<Exit> {
    if (this.alive) this.end()
    return this.exited
  }
}

class ProcessContender<M extends object> extends BaseContender<M> {
  readonly kind = 'process'
  readonly threadId = 0
  readonly #child: ChildProcess

  constructor({ modules = {}, env = {}, execArgv = [] }: ProcessOptions) {
    super()
    this.#child = fork(entry('contender-process'), [JSON.stringify(modules)], {
      env: { ...process.env, ...env },
      execArgv: [...execArgv],
      serialization: 'json',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (reply: Reply) => this.receive(reply))
    this.#child.on('error', () => {}) // a request went to a process that was killed; 'exit' tells
    this.#child.on('exit', (code, signal) => this.ended({ code, signal }))
  }

  get pid(): number {
    return this.#child.pid!
  }

  protected send(request: Request): void {
    this.#child.send(request, () => {})
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  protected end(): void {
    this.#child.kill('SIGKILL')
  }
}

class WorkerContender<M extends object> extends BaseContender<M> {
  readonly kind = 'worker'
  readonly pid = process.pid
  readonly threadId: number
  readonly #worker: Worker
  #error: unknown

  constructor({ modules = {}, execArgv = [] }: WorkerOptions) {
    super()
    this.#worker = new Worker(entry('contender-worker'), {
      workerData: { modules },
      execArgv: [...execArgv],
    })
    this.threadId = this.#worker.threadId
    this.#worker.on('message', (reply: Reply) => this.receive(reply))
    this.#worker.on('error', (error) => (this.#error = error))
    this.#worker.on('exit', (code) => this.ended({ code, signal: null }, this.#error))
  }

  protected send(request: Request): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, no window
    this.#worker.postMessage(request)
  }

  kill(): void {
    throw new Error('a worker gets no signals: use terminate()')
  }

  protected end(): void {
    void this.#worker.terminate()
  }
}

/** Starts another process with `fork`; it is ready when the promise resolves. */
export async function startProcess<M extends object = object>(
  options: ProcessOptions = {},
): Promise<Contender<M>> {
  const contender = new ProcessContender<M>(options)
  await within(contender.ready, 'the start of a process')
  return contender
}

/** Starts another thread of this process. */
export async function startWorker<M extends object = object>(
  options: WorkerOptions = {},
): Promise<Contender<M>> {
  const contender = new WorkerContender<M>(options)
  await within(contender.ready, 'the start of a worker')
  return contender
}

/** Ends all contenders that still live; for `afterEach` or `afterAll`. */
export async function stopAll(): Promise<void> {
  await Promise.all([...living].map((contender) => contender.terminate()))
}

/** Contenders run the built files, also for the tests of this package. */
function entry(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url))
}

function excerpt(task: { toString(): string }): string {
  return task.toString().replace(/\s+/g, ' ').slice(0, 120)
}
