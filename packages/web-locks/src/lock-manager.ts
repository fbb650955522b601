import { IpcError, type AgentInfo } from '@ipc/core'
import { checkOptions, type Place, type AgentId } from '@ipc/core/author'
import { CallbackRequest } from './callback-request.ts'
import { JointClaim } from './claim.ts'
import type { LockMode } from './claim.ts'
import { Client } from './client.ts'
import { HoldRequest } from './hold-request.ts'
import { describeInterface, illegalConstructor, KEY, type HeldLock, type Lock } from './lock.ts'
import {
  readAcquire,
  readRequest,
  readRequestAll,
  type AcquireOptions,
  type LockOptions,
  type LockRequest,
} from './options.ts'
import { findCycles } from './table/cycles.ts'
import { openTable } from './table/file.ts'
import { KIND } from './table/layout.ts'
import { readTable, Snapshot, type SeenRequest } from './table/snapshot.ts'

/** One lock or request, as `query` shows it. */
export interface LockInfo {
  readonly name: string
  readonly mode: LockMode
  /** The thread: `<pid>-<threadId>-<agent>`, the same in every process and never another's. */
  readonly clientId: string
}

export interface LockManagerSnapshot {
  /** In the order in which they were granted. */
  readonly held: LockInfo[]
  /** In the order in which they were asked for. */
  readonly pending: LockInfo[]
}

/** One lock or request, as `inspect` shows it. */
export interface InspectedLock extends LockInfo {
  readonly pid: number
  readonly threadId: number
  /** False for a client that has died, and whose lock nobody has been given since. */
  readonly alive: boolean
  /** It was told that a holder before it died; or it is that holder. */
  readonly abandoned: boolean
}

export interface LocksInspection {
  readonly held: InspectedLock[]
  readonly pending: InspectedLock[]
  /**
   * Clients that wait for each other in a circle, as client ids: each waits for the next one. Other work
   * of such a thread may release what it holds, so it is a deadlock only if that waits as well.
   */
  readonly cycles: string[][]
}

/** Options of `openLocks`. */
export interface OpenLocksOptions {
  /** The number of requests, pending and held, that it has room for: 1 to 65,536. Default: 4,096. */
  readonly requests?: number | undefined
}

/** A manager of the table that `open` opens at the first call. */
let makeManager: (open: () => Place) => LockManager

/**
 * `navigator.locks` for all threads and processes of a user: `request` and `query` are the standard's,
 * the other members are ours.
 */
export class LockManager {
  #open: () => Place
  #place: Place | undefined
  #client: Client | undefined
  #isClosed = false

  /** As in the standard, nobody makes one: see `locks` and `openLocks`. */
  private constructor(...given: readonly unknown[]) {
    if (given[0] !== KEY) throw illegalConstructor()
    this.#open = given[1] as () => Place
  }

  static {
    makeManager = (open) => new LockManager(KEY, open)
    describeInterface(this.prototype, 'LockManager', ['request', 'query'])
  }

  /**
   * Calls `callback` with the lock when it is granted, and holds the lock until its promise is settled.
   * Everything that goes wrong rejects the promise: a DOMException `NotSupportedError` or `AbortError` as
   * in the standard, TypeError, or an IpcError with a code.
   */
  request<T>(name: string, callback: (lock: Lock) => T): Promise<Awaited<T>>
  request<T>(
    name: string,
    options: LockOptions,
    callback: (lock: Lock | null) => T,
  ): Promise<Awaited<T>>
  request(name: unknown, second: unknown): Promise<unknown> {
    try {
      const manager = LockManager.#check(this)
      if (arguments.length < 2) {
        throw new TypeError(`request a lock: 2 arguments are needed: ${arguments.length}`)
      }
      const hasOptions = arguments.length > 2
      const callback: unknown = hasOptions ? arguments[2] : second
      const { claim, signal } = readRequest(name, hasOptions ? second : undefined, callback)
      signal?.throwIfAborted()
      const client = manager.#use()
      const call = callback as (lock: Lock | null) => unknown
      return new Promise((resolve, reject) => {
        new CallbackRequest(manager, client, claim, signal, call, resolve, reject).start()
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The locks and requests that are held and pending now, everywhere: one moment, without the dead. */
  query(): Promise<LockManagerSnapshot> {
    try {
      const client = LockManager.#check(this).#use()
      return new Promise((resolve, reject) => {
        let snapshot: Snapshot
        client.entrance.run({
          inside: (table) => {
            table.sweep()
            snapshot = new Snapshot(table.memory, table.layout)
          },
          done: () => resolve(show(snapshot, client)),
          failed: reject,
        })
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Resolves with a lock that is held until it is released; with null if `timeoutMs` ran out. A pending
   * call keeps the event loop alive, a lock that is held does not.
   */
  acquire(
    name: string,
    options: AcquireOptions & { readonly timeoutMs: number },
  ): Promise<HeldLock | null>
  acquire(
    name: string,
    options?: AcquireOptions & { readonly timeoutMs?: undefined },
  ): Promise<HeldLock>
  acquire(name: string, options?: AcquireOptions): Promise<HeldLock | null>
  acquire(name: string, options?: AcquireOptions): Promise<HeldLock | null> {
    try {
      const { claim, signal, timeoutMs } = readAcquire(name, options)
      signal?.throwIfAborted()
      const client = this.#use()
      return new Promise((resolve, reject) => {
        new HoldRequest(this, client, claim, signal, timeoutMs, resolve, reject).start()
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Calls `callback` with several locks when all are granted. All are asked for in one step, so calls of
   * `requestAll` cannot wait for each other in a circle, whatever the order of their names.
   */
  requestAll<T>(
    names: readonly (string | LockRequest)[],
    callback: (locks: Lock[]) => T,
  ): Promise<Awaited<T>>
  requestAll<T>(
    names: readonly (string | LockRequest)[],
    options: { readonly signal?: AbortSignal | undefined },
    callback: (locks: Lock[]) => T,
  ): Promise<Awaited<T>>
  requestAll(names: unknown, second: unknown, third?: unknown): Promise<unknown> {
    try {
      const [options, callback] = third === undefined ? [undefined, second] : [second, third]
      const { claims, signal } = readRequestAll(names, options as object | undefined, callback)
      signal?.throwIfAborted()
      const client = this.#use()
      const call = callback as (locks: Lock[]) => unknown
      return new Promise((resolve, reject) => {
        const claim = new JointClaim(claims)
        new CallbackRequest(this, client, claim, signal, call, resolve, reject).start()
      })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * The contents of the table now, of the dead as well. It takes no lock and does not wait: if another
   * process changes the table for longer than a moment, parts of the answer are of different moments.
   */
  inspect(): LocksInspection {
    const client = this.#use()
    const seen = look(client)
    const shown = seen.map((one) => inspected(one, client))
    return {
      held: shown.filter((_, i) => seen[i]!.held),
      pending: shown.filter((_, i) => !seen[i]!.held),
      cycles: findCycles(seen).map((cycle) => cycle.map((agent) => client.idOf(agent))),
    }
  }

  /**
   * Ends the use through this object: pending requests reject with ERR_IPC_CLOSED, later calls too.
   * Idempotent.
   * @throws IpcError ERR_IPC_IN_USE while a lock is held through this object
   */
  close(): void {
    if (this.#isClosed) return
    const client = this.#client
    if (client !== undefined) this.#endAll(client)
    this.#isClosed = true
    client?.letGo()
    this.#place?.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #endAll(client: Client): void {
    const requests = [...client.requests()].filter(({ owner }) => owner === this)
    if (requests.some(({ holds }) => holds)) {
      throw new IpcError('ERR_IPC_IN_USE', `close ${client.description}: this thread holds locks`)
    }
    for (const request of requests) request.abort(closed(client.description))
  }

  #use(): Client {
    if (this.#isClosed) throw closed(this.#place?.description ?? KIND)
    return (this.#client ??= Client.of((this.#place = this.#open())))
  }

  static #check(it: unknown): LockManager {
    if (typeof it === 'object' && it !== null && #client in it) return it
    throw new TypeError('Illegal invocation')
  }
}

function closed(description: string): IpcError {
  return new IpcError('ERR_IPC_CLOSED', `use ${description}: it was closed`)
}

function show(snapshot: Snapshot, client: Client): LockManagerSnapshot {
  const { memory } = client.table
  const held: LockInfo[] = []
  const pending: LockInfo[] = []
  for (const { name, mode, agent, held: isHeld, tombstone } of snapshot.requests()) {
    if (tombstone || memory.isDead(agent)) continue
    const list = isHeld ? held : pending
    list.push({ name, mode, clientId: client.idOf(agent) })
  }
  return { held, pending }
}

function inspected(
  { name, mode, agent, told, tombstone }: SeenRequest,
  client: Client,
): InspectedLock {
  const { pid, threadId } = whoIs(agent, client)
  const alive = !tombstone && !client.table.memory.isDead(agent)
  const clientId = client.idOf(agent)
  return { name, mode, clientId, pid, threadId, alive, abandoned: told || !alive }
}

function whoIs(agent: AgentId, client: Client): Pick<AgentInfo, 'pid' | 'threadId'> {
  return client.table.memory.describe?.(agent) ?? { pid: 0, threadId: 0 }
}

/** Reads one moment of the table if the mutex is free now. */
function look({ entrance, table }: Client): SeenRequest[] {
  const { memory, layout } = table
  const guard = entrance.isServing ? null : entrance.tryEnter()
  if (guard === null) return readTable(memory, layout)
  entrance.begin(guard)
  const snapshot = new Snapshot(memory, layout)
  entrance.end(guard)
  return snapshot.requests()
}

export { makeManager }

/** The locks of all threads and processes of this user. Their file is made by the first call. */
export const locks: LockManager = makeManager(() => openTable('default'))

/**
 * A set of locks of its own, by name, as storage buckets have in browsers.
 * @throws TypeError, RangeError for options or a name that cannot be; IpcError as `Lock.open` does
 */
export function openLocks(name: string = 'default', options?: OpenLocksOptions): LockManager {
  checkOptions('openLocks() options', options)
  const place = openTable(name, options?.requests)
  const manager = makeManager(() => place)
  manager.inspect()
  return manager
}
