import { abortWith, ignoreAbort, now, type Abortable } from '@ipc/core/author'
import { SingleClaim, type Claim, type LockMode } from './claim.ts'
import type { Entrance, Step } from './entrance.ts'
import { makeLock, type Hold, type Lock } from './lock.ts'
import { nextTurn } from './next-turn.ts'
import type { Table } from './table/table.ts'

/**
 * How far a request is. ENTERING and LEAVING are steps that may have to wait for the mutex.
 *
 *   | state    | its entries      | what ends the state                                                |
 *   |----------|------------------|--------------------------------------------------------------------|
 *   | ENTERING | none yet         | the step → PENDING or GRANTED; an abort → OVER, nothing is entered |
 *   | PENDING  | wait             | a grant → GRANTED; an abort → LEAVING                              |
 *   | GRANTED  | hold             | a microtask → HELD; an abort → LEAVING; a theft → OVER             |
 *   | HELD     | hold             | the callback's promise → LEAVING; a theft → OVER, or ROBBED        |
 *   | ROBBED   | some still hold  | the callback's promise → LEAVING                                   |
 *   | LEAVING  | hold or wait     | the step → OVER                                                    |
 *   | OVER     | none             |                                                                    |
 */
type State = 'ENTERING' | 'PENDING' | 'GRANTED' | 'HELD' | 'ROBBED' | 'LEAVING' | 'OVER'

/** One lock, or those of a joint claim; null if it was not available. */
export type Granted = Lock | Lock[] | null

/** Resolves or rejects a caller's promise. */
export type Settle = (value: unknown) => void

const RESOLVED = Promise.resolve()

/** After this many callbacks one begins in a later turn of the event loop, so that timers are served. */
const CALLBACKS_IN_A_ROW = 64
let callbacks = 0
let deferred = 0

/** The client to which a request belongs. */
export interface Home {
  readonly table: Table
  readonly entrance: Entrance
  /** Whether its file was removed. */
  readonly isGone: boolean
  /** Called when the request is in the table; `remove`, when it no longer is. */
  add(request: Request): void
  remove(request: Request): void
  waits(request: Request): void
  waitsNoMore(request: Request): void
  /** Makes the client hear of thefts, if a lock is held for longer than this turn. */
  listenSoon(): void
  /** The error for a request that was robbed. */
  theft(): DOMException
}

/** One request of this thread, from the call to the end of its hold. */
export abstract class Request implements Step, Abortable, Hold {
  readonly owner: object
  readonly claim: Claim
  /** The moment since which it waits, in ms of `now()`. */
  since = 0
  protected readonly client: Home
  #state: State = 'ENTERING'
  readonly #signal: AbortSignal | undefined
  /** Lets it begin in the asynchronous context of its call, no matter who grants it. */
  #gate: (() => void) | undefined
  #controller: AbortController | undefined
  /** The reason for which the lock was lost. */
  #loss: unknown
  /** The function that tells the caller when the request has left; and its value. */
  #settle: Settle | undefined
  #value: unknown

  /** `owner` is the object that the caller used; closing it ends the request. */
  constructor(owner: object, client: Home, claim: Claim, signal: AbortSignal | undefined) {
    this.owner = owner
    this.client = client
    this.claim = claim
    this.#signal = signal
  }

  /** Runs the callback, with the locks that were granted, or with null if they were not available. */
  protected abstract begin(granted: Granted): void
  /** Rejects the promise; if it was settled before, nothing happens. */
  protected abstract reject(reason: unknown): void

  start(): void {
    if (this.#signal !== undefined) abortWith(this.#signal, this)
    this.client.entrance.run(this)
    if (this.#state !== 'ENTERING' && this.#state !== 'PENDING') return
    void new Promise<void>((resolve) => (this.#gate = resolve)).then(this.#onTurn)
  }

  /* ---- entering and leaving: see Step --------------------------------------------------------- */

  inside(): void {
    const { table } = this.client
    if (this.#state === 'ENTERING') this.claim.enter(table)
    else if (this.#state === 'LEAVING' && !this.claim.leave(table))
      this.#loss ??= this.client.theft()
  }

  done(): void {
    if (this.#state === 'ENTERING') this.#hasEntered()
    else if (this.#state === 'LEAVING') this.#hasLeft()
  }

  failed(error: unknown): void {
    if (this.#state === 'ENTERING') {
      this.#end()
      this.reject(error)
    } else if (this.#state === 'LEAVING') {
      this.#hasLeft() // the table is gone, and the lock with it
    }
  }

  #hasEntered(): void {
    const { claim, client } = this
    if (!claim.isEntered) return this.#grant()
    client.add(this)
    if (claim.isGranted(client.table)) {
      this.#grant()
      return
    }
    this.#state = 'PENDING'
    this.since = now()
    client.waits(this)
  }

  #leave(settle?: Settle, value?: unknown): void {
    this.#settle = settle
    this.#value = value
    this.#state = 'LEAVING'
    this.client.entrance.run(this)
  }

  #hasLeft(): void {
    this.#end()
    const settle = this.#settle
    if (settle === undefined) return
    if (this.#loss === undefined || this.client.isGone) return settle(this.#value)
    this.reject(this.#loss)
    this.#controller?.abort(this.#loss)
  }

  #end(): void {
    if (this.#state === 'PENDING') this.client.waitsNoMore(this)
    this.#state = 'OVER'
    this.client.remove(this)
    this.#ignoreAbort()
  }

  #ignoreAbort(): void {
    if (this.#signal !== undefined) ignoreAbort(this.#signal, this)
  }

  /* ---- what others do ------------------------------------------------------------------------- */

  /** Called when something may have happened to its entries. */
  examine(): void {
    if (this.#state !== 'PENDING' && this.#state !== 'GRANTED' && this.#state !== 'HELD') return
    if (!this.claim.isMine(this.client.table)) this.#lose(this.client.theft())
    else if (this.#state === 'PENDING' && this.claim.isGranted(this.client.table)) {
      this.client.waitsNoMore(this)
      this.#grant()
    }
  }

  #lose(reason: unknown): void {
    this.#loss = reason
    const isJoint = this.claim.parts !== this.claim
    if (this.#state === 'HELD' && isJoint) {
      this.#state = 'ROBBED'
    } else if (isJoint) {
      if (this.#state === 'PENDING') this.client.waitsNoMore(this)
      this.#leave()
    } else {
      this.#end()
    }
    this.reject(reason)
    this.#controller?.abort(reason)
  }

  /**
   * Called when its file is gone, or its manager was closed. A lock that is held stays held, but keeps
   * nobody out.
   */
  fail(reason: unknown): void {
    if (this.#state === 'HELD') {
      this.#loss = reason
      this.#controller?.abort(reason)
    } else if (this.#state !== 'LEAVING' && this.#state !== 'OVER' && this.#state !== 'ROBBED') {
      this.#end()
      this.reject(reason)
    }
  }

  /** Ends a request that has not begun; `settle` tells the caller. Returns false if it has begun. */
  giveUp(settle: () => void): boolean {
    if (this.#state === 'ENTERING') {
      this.#end()
    } else if (this.#state === 'PENDING' || this.#state === 'GRANTED') {
      if (this.#state === 'PENDING') this.client.waitsNoMore(this)
      this.#leave()
    } else {
      return false
    }
    settle()
    return true
  }

  abort(reason: unknown): void {
    this.giveUp(() => this.reject(reason))
  }

  /* ---- holding -------------------------------------------------------------------------------- */

  #grant(): void {
    this.#state = 'GRANTED'
    this.#soon()
  }

  #soon(): void {
    if (this.#gate === undefined) void RESOLVED.then(this.#onTurn)
    else this.#gate()
  }

  readonly #onTurn = (): void => {
    if (deferred === 0 && ++callbacks % CALLBACKS_IN_A_ROW !== 0) {
      this.#begin()
      return
    }
    deferred++ // and so are all that come after it, to keep their order
    nextTurn(() => {
      deferred--
      this.#begin()
    })
  }

  #begin(): void {
    if (this.#state !== 'GRANTED') return
    const { claim, client } = this
    this.#ignoreAbort()
    if (!claim.isEntered) {
      this.#state = 'OVER'
      return this.begin(null)
    }
    if (!claim.isMine(client.table)) return this.#lose(client.theft())
    this.#state = 'HELD'
    const { parts } = claim
    this.begin(
      parts instanceof SingleClaim ? this.#lockOf(parts) : parts.map((one) => this.#lockOf(one)),
    )
  }

  #lockOf({ name, mode, entry }: SingleClaim): Lock {
    return this.makeLock(name, mode, this.client.table.isTold(entry))
  }

  protected makeLock(name: string, mode: LockMode, abandoned: boolean): Lock {
    return makeLock(name, mode, abandoned, this)
  }

  /** Called when the callback is over: leaves, then tells the caller. */
  protected finish(settle: Settle, value: unknown): void {
    if (this.#state === 'HELD' || this.#state === 'ROBBED') this.#leave(settle, value)
  }

  /** Whether a callback runs, or an acquired lock was not released yet. */
  get holds(): boolean {
    return this.#state === 'HELD' || this.#state === 'ROBBED'
  }

  get held(): boolean {
    return (
      this.#state === 'HELD' && this.#loss === undefined && this.claim.isMine(this.client.table)
    )
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#loss !== undefined) this.#controller.abort(this.#loss)
    return this.#controller.signal
  }

  /** Resolves when the lock is free. */
  release(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state === 'HELD') this.finish(() => resolve(), undefined)
      else resolve()
    })
  }
}
