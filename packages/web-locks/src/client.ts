import {
  keepAliveIn,
  letGoIn,
  localState,
  reasonForAnother,
  type AgentId,
  type Place,
  type Ticket,
} from '@ipc/core/author'
import { Lock as Mutex } from '@ipc/lock'
import { SingleClaim } from './claim.ts'
import { DeadlockWatch, type Watched } from './deadlock-watch.ts'
import { Entrance, type Step } from './entrance.ts'
import { nextTurnIfAny } from './next-turn.ts'
import type { Home, Request } from './request.ts'
import { Layout, sizesFor } from './table/layout.ts'
import { Table } from './table/table.ts'

const NO_NOTE = -1

/** This thread as a user of one table, through however many managers. */
export class Client implements Home, Watched {
  readonly table: Table
  readonly entrance: Entrance
  readonly description: string
  /** Whether its file was removed: its locks keep nobody out any more. */
  isGone = false
  /** The requests that are in the table, by the number of their entry. */
  readonly #requests: (Request | undefined)[] = []
  #count = 0
  readonly #pending = new Set<Request>()
  readonly #deadlocks = new DeadlockWatch(this)
  #ticket: Ticket | null = null
  #note = NO_NOTE
  #willListen = false
  #users = 0

  private constructor(place: Place) {
    const layout = new Layout(sizesFor(place.options[0]!), place.index)
    this.table = new Table(place.memory, layout)
    this.entrance = new Entrance(new Mutex(place), this.table, () => this.#deliver())
    this.description = place.description
  }

  /** The client of this thread; every user calls `letGo`. */
  static of(place: Place): Client {
    const client = localState(place.memory, place.index, 'web locks', () => new Client(place))
    client.#users++
    return client
  }

  /** The last user leaves the table; it has no requests any more. */
  letGo(): void {
    if (--this.#users > 0) return
    if (this.#ticket?.cancel() === true) this.#ticket = null
    this.entrance.run({
      inside: ({ clients }) => {
        if (this.#users === 0) clients.leave()
      },
      done: () => {},
      failed: () => {},
    })
  }

  /* ---- its requests --------------------------------------------------------------------------- */

  add(request: Request): void {
    const { parts } = request.claim
    if (parts instanceof SingleClaim) this.#put(parts, request)
    else for (const part of parts) this.#put(part, request)
  }

  #put({ entry }: SingleClaim, request: Request): void {
    const at = this.table.numberOf(entry)
    while (this.#requests.length <= at) this.#requests.push(undefined) // no holes
    if (this.#requests[at] === undefined) this.#count++
    this.#requests[at] = request
  }

  remove(request: Request): void {
    if (!request.claim.isEntered) return
    const { parts } = request.claim
    if (parts instanceof SingleClaim) this.#forget(parts, request)
    else for (const part of parts) this.#forget(part, request)
  }

  /** The slot of a stolen request may belong to another one already. */
  #forget({ entry }: SingleClaim, request: Request): void {
    const at = this.table.numberOf(entry)
    if (this.#requests[at] !== request) return
    this.#requests[at] = undefined
    this.#count--
  }

  /** The requests in the table, each once. */
  requests(): Set<Request> {
    const requests = new Set(this.#requests)
    requests.delete(undefined)
    return requests as Set<Request>
  }

  get pending(): ReadonlySet<Request> {
    return this.#pending
  }

  /** A pending request keeps the event loop alive; a lock that is held does not. */
  waits(request: Request): void {
    this.#pending.add(request)
    if (this.#pending.size === 1) {
      keepAliveIn(this.table.memory)
      this.#deadlocks.start()
    }
    this.listen()
  }

  waitsNoMore(request: Request): void {
    if (!this.#pending.delete(request) || this.#pending.size > 0) return
    letGoIn(this.table.memory)
    this.#deadlocks.stop()
    this.#endNote()
  }

  #deliver(): void {
    const { clients } = this.table
    if (clients.granted.length > 0) {
      for (const entry of clients.granted.splice(0))
        this.#requests[this.table.numberOf(entry)]?.examine()
    }
    if (clients.lookAtAll) {
      clients.lookAtAll = false
      for (const request of this.requests()) request.examine()
    }
  }

  /** The table cannot be used any more. */
  fail(error: unknown): void {
    this.isGone = true
    let own = error
    const end = (request: Request): void => {
      request.fail(own)
      own = reasonForAnother(error)
    }
    for (const request of this.requests()) end(request)
    this.entrance.fail(error)
  }

  /** The error for a request that was robbed. */
  theft(): DOMException {
    const { thief } = this.table.clients
    const who = thief === 0 ? null : (this.table.memory.describe?.(thief) ?? null)
    const by = who === null ? 'by another request' : `by process ${who.pid}, thread ${who.threadId}`
    return new DOMException(`hold a lock of ${this.description}: it was stolen ${by}`, 'AbortError')
  }

  /** The name of an agent in `query`: the same in every process, and never that of another agent. */
  idOf(agent: AgentId): string {
    const who = this.table.memory.describe?.(agent) ?? { pid: 0, threadId: 0 }
    return `${who.pid}-${who.threadId}-${agent.toString(16)}`
  }

  /* ---- hearing of what others do -------------------------------------------------------------- */

  /** Listens for thefts, if a lock is held for longer than this turn of the event loop. */
  listenSoon(): void {
    if (this.#willListen || this.#ticket !== null) return
    this.#willListen = true
    nextTurnIfAny(() => {
      this.#willListen = false
      this.listen()
    })
  }

  /** Makes sure that this thread hears when others grant or steal, or when somebody dies. */
  listen(): void {
    if (this.#ticket !== null || this.#count === 0) return
    try {
      this.#lieDown()
    } catch (error) {
      this.fail(error)
    }
  }

  #lieDown(): void {
    const { clients, memory } = this.table
    const watch = memory.arm() // before it checks who is dead
    const announced = clients.lieDown(() => this.#pending.size > 0 && this.#mustBury())
    if (announced === null) {
      this.entrance.run(this.#look)
      return
    }
    this.#beginNote()
    this.#ticket = memory.parkAsync(clients.bell, announced, watch, () => {
      this.#ticket = null
      clients.getUp()
      this.listen()
    })
  }

  #mustBury(): boolean {
    return this.entrance.isAbandoned || this.table.clients.hasDead
  }

  /** Entering alone empties the inbox, and repairs the table if somebody died inside. */
  readonly #look: Step = {
    inside: (table) => table.sweep(),
    done: () => this.listen(),
    failed: (error) => this.fail(error),
  }

  /** Notes the wait, for people who look from outside. */
  #beginNote(): void {
    const { memory, clients } = this.table
    if (this.#pending.size === 0 || this.#note !== NO_NOTE) return
    this.#note = memory.noteWait?.(clients.bell, false) ?? NO_NOTE
  }

  #endNote(): void {
    if (this.#note !== NO_NOTE) this.table.memory.endNote?.(this.#note)
    this.#note = NO_NOTE
  }
}
