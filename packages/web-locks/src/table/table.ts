import { IpcError } from '@ipc/core'
import { type AgentId, type Memory } from '@ipc/core/author'
import { Clients } from './clients.ts'
import {
  AGENT,
  CLIENT,
  DEAD,
  ENTRY_WORDS,
  FREE_ENTRIES,
  GRANT,
  HELD,
  HELD_LIST,
  isHeld,
  isShared,
  NEXT,
  OWNER,
  ownerOf,
  RESOURCE,
  SEQ,
  SEQ_HIGH,
  SEQ_LIMIT,
  SEQ_LOW,
  SHARED,
  TOLD,
  TOMBSTONE,
  USED_ENTRIES,
  WAIT_LIST,
  type Layout,
} from './layout.ts'
import { append, remove } from './lists.ts'
import { Names } from './names.ts'

/** The arguments of `Table.request`. */
export interface Wish {
  readonly name: string
  /** `hashOf(name)`. */
  readonly hash: number
  readonly shared: boolean
  readonly ifAvailable: boolean
  readonly steal: boolean
}

/**
 * The operations on the table, inside its mutex: the caller holds it, has called `repair` if it was
 * abandoned, and `clients.collect`. See layout.ts for the words and the order of stores.
 */
export class Table {
  readonly memory: Memory
  readonly layout: Layout
  readonly names: Names
  readonly clients: Clients
  readonly #me: AgentId
  readonly #base: number
  readonly #entries: number

  constructor(memory: Memory, layout: Layout) {
    this.memory = memory
    this.layout = layout
    this.names = new Names(memory, layout)
    this.clients = new Clients(memory, layout)
    this.#me = memory.self
    this.#base = layout.base
    this.#entries = layout.entries
  }

  /* ---- what a client asks for --------------------------------------------------------------- */

  /**
   * Enters a request; the returned entry is granted if its OWNER says so. Returns 0 if it is not available.
   * @throws IpcError ERR_IPC_FULL; nothing has changed then
   */
  request({ name, hash, shared, ifAvailable, steal }: Wish): number {
    const { names, clients } = this
    if (clients.mine === 0) this.#join()
    let resource = names.find(name, hash)
    let isFree = resource === 0 || this.#mayEnter(resource, shared)
    if (!isFree) {
      this.sweep() // a dead holder that nobody waits for is met here
      resource = names.find(name, hash)
      isFree = resource === 0 || this.#mayEnter(resource, shared)
    }
    if (ifAvailable && !isFree) return 0
    while (!this.#hasRoom(resource === 0 ? name.length : 0)) {
      if (!this.#makeRoom()) throw this.#full(name)
      resource = names.find(name, hash)
    }
    if (resource === 0) resource = names.make(name, hash)
    const entry = this.#add(resource)
    const owner = this.#me | (shared ? SHARED : 0)
    if (steal) this.#rob(resource)
    if (isFree || steal) {
      this.#grant(entry, resource, owner)
    } else {
      this.memory.store(entry + OWNER, owner) // ●
      append(this.memory, resource + WAIT_LIST, entry)
    }
    return entry
  }

  /** Takes out a request that waits or holds. Returns false if it was stolen. */
  leave(entry: number, seq: number): boolean {
    if (!this.isMine(entry, seq)) return false
    const resource = this.memory.get(entry + RESOURCE)
    this.#free(entry)
    this.grantNext(resource)
    return true
  }

  /** May be asked outside, too. */
  isMine(entry: number, seq: number): boolean {
    const { memory } = this
    return ownerOf(memory.load(entry + OWNER)) === this.#me && this.orderOf(entry + SEQ) === seq
  }

  /** Only for an entry of this client; may be asked outside, too. */
  isGranted(entry: number): boolean {
    return isHeld(this.memory.load(entry + OWNER))
  }

  /** Whether a holder before this one died, and this one is to be told. */
  isTold(entry: number): boolean {
    return this.memory.get(entry + TOLD) !== 0
  }

  /** SEQ or GRANT as a number. */
  orderOf(at: number): number {
    return this.memory.load(at + 1) * SEQ_LIMIT + this.memory.load(at)
  }

  #join(): void {
    this.sweep() // there may be places of the dead
    this.clients.join()
  }

  /* ---- room ----------------------------------------------------------------------------------- */

  /** Whether there is room for an entry, and for a name that is new. */
  #hasRoom(length: number): boolean {
    const { memory, layout } = this
    const hasEntry =
      memory.get(this.#base + FREE_ENTRIES) !== 0 ||
      memory.get(this.#base + USED_ENTRIES) < layout.sizes.entries
    return hasEntry && (length === 0 || this.names.hasRoom(length))
  }

  /** Buries the dead, then gives up the oldest tombstone. Returns false if there is none. */
  #makeRoom(): boolean {
    if (this.clients.hasDead) {
      this.sweep()
      return true
    }
    let oldest = 0
    for (const entry of this.entries()) {
      if (this.memory.load(entry + OWNER) !== TOMBSTONE) continue
      if (oldest === 0 || this.orderOf(entry + GRANT) < this.orderOf(oldest + GRANT)) oldest = entry
    }
    if (oldest === 0) return false
    const resource = this.memory.get(oldest + RESOURCE)
    this.#free(oldest)
    this.#dropIfUnused(resource)
    return true
  }

  #full(name: string): IpcError {
    const { entries } = this.layout.sizes
    const what = `request a Web Lock, with a name of ${name.length} characters`
    return new IpcError('ERR_IPC_FULL', `${what}: the table has room for ${entries} requests`)
  }

  /* ---- entries -------------------------------------------------------------------------------- */

  /** All entries that were ever used. */
  *entries(): Generator<number> {
    const end = this.#entries + this.memory.load(this.#base + USED_ENTRIES) * ENTRY_WORDS
    for (let entry = this.#entries; entry < end; entry += ENTRY_WORDS) yield entry
  }

  /** The number of an entry, from 0. */
  numberOf(entry: number): number {
    return (entry - this.#entries) / ENTRY_WORDS
  }

  #add(resource: number): number {
    const { memory } = this
    let entry = memory.get(this.#base + FREE_ENTRIES)
    if (entry === 0) {
      const used = memory.get(this.#base + USED_ENTRIES)
      memory.set(this.#base + USED_ENTRIES, used + 1) // first: `repair` reads up to it
      entry = this.#entries + used * ENTRY_WORDS
    } else {
      memory.set(this.#base + FREE_ENTRIES, memory.get(entry + NEXT))
    }
    this.#number(entry + SEQ)
    memory.set(entry + RESOURCE, resource)
    memory.set(entry + CLIENT, this.clients.mine)
    memory.set(entry + TOLD, 0)
    return entry
  }

  /** The next number. HIGH comes first: a death in between leaves out numbers, and repeats none. */
  #number(at: number): void {
    const { memory } = this
    let low = memory.get(this.#base + SEQ_LOW) + 1
    if (low === SEQ_LIMIT) {
      memory.set(this.#base + SEQ_HIGH, memory.get(this.#base + SEQ_HIGH) + 1)
      low = 0
    }
    memory.set(this.#base + SEQ_LOW, low)
    memory.set(at, low)
    memory.set(at + 1, memory.get(this.#base + SEQ_HIGH))
  }

  #free(entry: number): void {
    const { memory } = this
    const owner = memory.load(entry + OWNER)
    const list = memory.get(entry + RESOURCE) + (isHeld(owner) ? HELD_LIST : WAIT_LIST)
    memory.store(entry + OWNER, 0) // ●
    remove(memory, list, entry)
    memory.set(entry + NEXT, memory.get(this.#base + FREE_ENTRIES))
    memory.set(this.#base + FREE_ENTRIES, entry)
  }

  /* ---- granting ------------------------------------------------------------------------------- */

  #mayEnter(resource: number, shared: boolean): boolean {
    return this.memory.get(resource + WAIT_LIST) === 0 && this.#isCompatible(resource, shared)
  }

  /** Whether it may hold beside those who hold it now. */
  #isCompatible(resource: number, shared: boolean): boolean {
    const first = this.memory.get(resource + HELD_LIST)
    if (first === 0) return true
    const owner = this.memory.load(first + OWNER)
    return owner === TOMBSTONE || (shared && isShared(owner))
  }

  #grant(entry: number, resource: number, owner: number): void {
    const { memory } = this
    const list = resource + HELD_LIST
    this.#number(entry + GRANT)
    if (this.#hasTombstone(list)) memory.set(entry + TOLD, 1)
    memory.store(entry + OWNER, owner | HELD) // ●
    while (this.#hasTombstone(list)) this.#free(memory.get(list))
    append(memory, list, entry)
  }

  #hasTombstone(list: number): boolean {
    const first = this.memory.get(list)
    return first !== 0 && this.memory.load(first + OWNER) === TOMBSTONE
  }

  /** Grants to the first one that waits, as long as that is possible; then frees an unused resource. */
  grantNext(resource: number): void {
    const { memory, clients } = this
    const list = resource + WAIT_LIST
    for (let entry = memory.get(list); entry !== 0; entry = memory.get(list)) {
      const owner = memory.load(entry + OWNER)
      if (memory.isDead(ownerOf(owner))) {
        this.#free(entry)
        continue
      }
      if (!this.#isCompatible(resource, isShared(owner))) return
      remove(memory, list, entry)
      this.#grant(entry, resource, owner)
      clients.grant(memory.get(entry + CLIENT), entry)
    }
    this.#dropIfUnused(resource)
  }

  #dropIfUnused(resource: number): void {
    const { memory } = this
    if (memory.get(resource + HELD_LIST) !== 0 || memory.get(resource + WAIT_LIST) !== 0) return
    this.names.drop(resource)
  }

  /** Ends all holds of a resource; the exclusive hold of a dead client stays as a tombstone. */
  #rob(resource: number): void {
    const { memory, clients } = this
    const list = resource + HELD_LIST
    for (let entry = memory.get(list); entry !== 0;) {
      const next = memory.get(entry + NEXT)
      const owner = memory.load(entry + OWNER)
      if (owner === TOMBSTONE || memory.isDead(ownerOf(owner))) {
        this.#bury(entry, owner)
      } else {
        const client = memory.get(entry + CLIENT)
        this.#free(entry)
        clients.tellAll(client, this.#me)
      }
      entry = next
    }
  }

  /* ---- the dead ------------------------------------------------------------------------------- */

  /** Buries the clients that have died: their entries go, and others are granted. */
  sweep(): void {
    const { memory, clients } = this
    for (const client of clients.all()) {
      const agent = memory.load(client + AGENT)
      if (agent === 0 || !memory.isDead(agent)) continue
      for (const resource of this.#buryAll(agent)) this.grantNext(resource)
      memory.store(client + AGENT, 0)
    }
  }

  #buryAll(agent: AgentId): Set<number> {
    const touched = new Set<number>()
    for (const entry of this.entries()) {
      const owner = this.memory.load(entry + OWNER)
      if (ownerOf(owner) !== agent) continue
      touched.add(this.memory.get(entry + RESOURCE))
      this.#bury(entry, owner)
    }
    return touched
  }

  #bury(entry: number, owner: number): void {
    if (owner === TOMBSTONE) return
    if (!isHeld(owner) || isShared(owner)) return this.#free(entry)
    this.memory.set(entry + DEAD, ownerOf(owner))
    this.memory.store(entry + OWNER, TOMBSTONE) // ●
  }

  /** Frees tombstones beside a holder: it was told when it was granted. */
  forgetTold(resource: number): void {
    const { memory } = this
    const list = resource + HELD_LIST
    const tombstones: number[] = []
    let isHeldToo = false
    for (let entry = memory.get(list); entry !== 0; entry = memory.get(entry + NEXT)) {
      if (memory.load(entry + OWNER) === TOMBSTONE) tombstones.push(entry)
      else isHeldToo = true
    }
    if (isHeldToo) for (const entry of tombstones) this.#free(entry)
  }
}
