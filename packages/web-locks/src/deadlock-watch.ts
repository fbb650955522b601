import { now } from '@ipc/core'
import type { Client } from './client.ts'
import type { Request } from './request.ts'
import { findCycles } from './table/cycles.ts'
import { readTable } from './table/snapshot.ts'

/** A request that has waited for so long is looked at. */
const PATIENCE_MS = 1000

/** Published on the diagnostics channel `ipc:deadlock`, once for a request. */
export interface Deadlock {
  /** What is waited for, as in `weblocks "default"`. */
  readonly what: string
  /** The names of the locks. */
  readonly names: readonly string[]
  readonly waitedMs: number
  /** Each waits for the next one, and the last one for the first. */
  readonly cycle: readonly string[]
}

interface Diagnostics {
  channel(name: string): { readonly hasSubscribers: boolean; publish(message: unknown): void }
}

/** Publishes requests that have waited for a second in a circle of clients. */
export class DeadlockWatch {
  readonly #client: Client
  readonly #told = new WeakSet<Request>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(client: Client) {
    this.#client = client
  }

  start(): void {
    this.#timer = setTimeout(() => this.#look(), PATIENCE_MS)
    if (typeof this.#timer === 'object') this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    this.start()
    const late: Request[] = []
    for (const request of this.#client.pending) {
      if (now() - request.since >= PATIENCE_MS && !this.#told.has(request)) late.push(request)
    }
    if (late.length > 0) this.#publish(late)
  }

  #publish(late: readonly Request[]): void {
    const channel = diagnostics()?.channel('ipc:deadlock')
    if (channel?.hasSubscribers !== true) return
    const { table, description } = this.#client
    const { memory, layout } = table
    const agents = findCycles(readTable(memory, layout)).find((one) => one.includes(memory.self))
    if (agents === undefined) return
    const cycle = agents.map((agent) => this.#client.idOf(agent))
    for (const request of late) {
      this.#told.add(request)
      const names = request.claim.entries.map(({ name }) => name)
      const deadlock: Deadlock = {
        what: description,
        names,
        waitedMs: now() - request.since,
        cycle,
      }
      channel.publish(deadlock)
    }
  }
}

/** Node's, without naming it in an import: a page has none. */
function diagnostics(): Diagnostics | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown }
  }
  return process?.getBuiltinModule?.('node:diagnostics_channel') as Diagnostics | undefined
}
