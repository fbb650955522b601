import { now, type AgentId } from '@ipc/core/author'
import type { Request } from './request.ts'
import { findCycles, isInTheWay } from './table/cycles.ts'
import { readTable, type SeenRequest } from './table/snapshot.ts'
import type { Table } from './table/table.ts'

/** A request that has waited for this long is examined. */
const PATIENCE_MS = 1000

/** Published on the diagnostics channel `ipc:deadlock`, once for a request. */
export interface Deadlock {
  /** The object that is waited for, as in `weblocks "default"`. */
  readonly what: string
  /** The locks for which the request waits, and which the next client in the circle has. */
  readonly names: readonly string[]
  readonly waitedMs: number
  /** The clients: each waits for the next one, and the last one for the first. */
  readonly cycle: readonly string[]
}

/** The client whose requests are examined. */
export interface Watched {
  readonly table: Table
  readonly description: string
  readonly pending: ReadonlySet<Request>
  idOf(agent: AgentId): string
}

interface Diagnostics {
  channel(name: string): { readonly hasSubscribers: boolean; publish(message: unknown): void }
}

/** Publishes requests that have waited for a second in a circle of clients. */
export class DeadlockWatch {
  readonly #client: Watched
  readonly #told = new WeakSet<Request>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(client: Watched) {
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
    const seen = readTable(memory, layout)
    const agents = findCycles(seen).find((one) => one.includes(memory.self))
    if (agents === undefined) return
    const next = agents[(agents.indexOf(memory.self) + 1) % agents.length]!
    const cycle = agents.map((agent) => this.#client.idOf(agent))
    for (const request of late) {
      const names = [request.claim.parts]
        .flat()
        .map(({ name }) => name)
        .filter((name) => waitsFor(seen, name, memory.self, next))
      if (names.length === 0) continue
      this.#told.add(request)
      const waitedMs = now() - request.since
      channel.publish({ what: description, names, waitedMs, cycle } satisfies Deadlock)
    }
  }
}

function waitsFor(
  seen: readonly SeenRequest[],
  name: string,
  agent: AgentId,
  next: AgentId,
): boolean {
  return seen.some(
    (one) =>
      one.name === name &&
      one.agent === agent &&
      !one.held &&
      seen.some((other) => other.agent === next && isInTheWay(other, one)),
  )
}

/** Node's module, without naming it in an import: a page has none. */
function diagnostics(): Diagnostics | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown }
  }
  return process?.getBuiltinModule?.('node:diagnostics_channel') as Diagnostics | undefined
}
