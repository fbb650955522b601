import type { Guard } from '@ipc/core'
import type { Lock } from '@ipc/lock'
import { repair } from './table/repair.ts'
import type { Table } from './table/table.ts'

/** Something that is done with the table. */
export interface Step {
  /** Called inside the mutex; it runs no code of a user. */
  inside(table: Table): void
  /** Called right after that, when the mutex is free. */
  done(): void
  /** Called if the step could not be done; nothing has changed. */
  failed(error: unknown): void
}

/** The mutex is held for less than a microsecond: its holder may be done before we have slept. */
const SPINS = 100
/** After this many steps in a row the mutex is given to others. */
const BATCH = 64

/**
 * The way into the mutex, for one thread. A step is done at once if that is possible. If another agent
 * is inside, which may have been stopped there, the step waits in a list, and everything after it, too;
 * the list is served when the mutex was acquired asynchronously. So the event loop is never blocked.
 */
export class Entrance {
  readonly #mutex: Lock
  readonly #table: Table
  /** Tells the requests of this thread what has happened to them. */
  readonly #deliver: () => void
  #waiting: Step[] = []
  #isServing = false

  constructor(mutex: Lock, table: Table, deliver: () => void) {
    this.#mutex = mutex
    this.#table = table
    this.#deliver = deliver
  }

  /** Whether steps wait; then this thread itself may have the mutex. */
  get isServing(): boolean {
    return this.#isServing
  }

  /** Whether somebody died inside. */
  get isAbandoned(): boolean {
    return this.#mutex.isAbandoned
  }

  run(step: Step): void {
    if (this.#isServing) {
      this.#waiting.push(step)
      return
    }
    let guard: Guard | null
    try {
      guard = this.tryEnter()
    } catch (error) {
      step.failed(error)
      return
    }
    if (guard === null) {
      this.#waiting.push(step)
      void this.#serve()
      return
    }
    let failure: { readonly error: unknown } | null = null
    try {
      this.begin(guard)
      step.inside(this.#table)
    } catch (error) {
      failure = { error }
    }
    this.end(guard)
    if (failure === null) step.done()
    else step.failed(failure.error)
  }

  /** @throws IpcError ERR_IPC_UNLINKED */
  tryEnter(): Guard | null {
    for (let i = 0; i < SPINS; i++) {
      const guard = this.#mutex.tryAcquire()
      if (guard !== null) return guard
    }
    return null
  }

  /** The first thing to do inside. */
  begin({ abandoned }: Guard): void {
    if (abandoned) repair(this.#table)
    this.#table.clients.collect()
  }

  /** Leaves the mutex; then wakes and tells all whom the steps concern. */
  end(guard: Guard): void {
    guard.release()
    this.#table.clients.wake()
    this.#deliver()
  }

  async #serve(): Promise<void> {
    this.#isServing = true
    while (this.#waiting.length > 0) {
      let guard: Guard
      try {
        guard = await this.#mutex.acquireAsync()
      } catch (error) {
        this.#isServing = false
        this.fail(error)
        return
      }
      this.#doSome(guard)
    }
    this.#isServing = false
  }

  #doSome(guard: Guard): void {
    const steps = this.#waiting.splice(0, BATCH)
    const failures = new Map<Step, unknown>()
    this.begin(guard)
    for (const step of steps) {
      try {
        step.inside(this.#table)
      } catch (error) {
        failures.set(step, error)
      }
    }
    this.end(guard)
    for (const step of steps) {
      if (failures.has(step)) step.failed(failures.get(step))
      else step.done()
    }
  }

  /** Ends the steps that wait. */
  fail(error: unknown): void {
    for (const step of this.#waiting.splice(0)) step.failed(error)
  }
}
