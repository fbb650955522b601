import { IpcError, type Guard } from '@ipc/core'
import { type AsyncQueue, type Place } from '@ipc/core/author'
import type { AgentInfo } from '@ipc/core'
import type { Sleep, Waiting } from '@ipc/core/author'
import type { Reader } from './reader.ts'
import { isEndless, WRITER, type Words, type WriterLock } from './words.ts'
import { Side, type Whole } from './side.ts'

/** The exclusive side of an RWLock. */
export class Writer extends Side {
  readonly #words: Words
  readonly #lock: WriterLock
  /** The other side of the same lock. */
  readonly #reader: Reader

  /** @internal */
  constructor(place: Place, whole: Whole, words: Words, lock: WriterLock, reader: Reader) {
    super(place, whole)
    this.#reader = reader
    this.#words = words
    this.#lock = lock
  }

  /**
   * Releases the hold of a blocking form. A hold of an async form is released by its guard.
   * @throws IpcError ERR_IPC_NOT_OWNER when this thread has no such hold
   */
  release(): void {
    this.checkOpen()
    if (!this.#lock.writing.draining) return this.#lock.release()
    const why = 'the readers have not left yet'
    throw new IpcError('ERR_IPC_NOT_OWNER', `release ${this.description} for writing: ${why}`)
  }

  /* ---- taking ------------------------------------------------------------------------------------ */

  protected get queue(): AsyncQueue<Guard> {
    return this.#lock.writing.queue
  }

  /**
   * Checks for readers before it takes WRITER, and again after: a WRITER that is taken only to be given
   * back disturbs others.
   */
  protected take(async: boolean): Guard | undefined {
    this.checkOpen()
    if (this.#words.hasReaders) return undefined
    return this.#enterOrGiveBack(this.#lock.take(async))
  }

  protected takeOnce(async: boolean): Guard | undefined {
    this.#words.checkPoison()
    if (this.#words.hasReaders) return undefined
    return this.#enterOrGiveBack(this.#lock.takeOnce(async))
  }

  #enterOrGiveBack(taken: Guard | undefined): Guard | undefined {
    if (taken === undefined) return undefined
    if (!this.#words.hasReaders) return this.#lock.enter(taken)
    this.#lock.giveBack()
    return undefined
  }

  protected waiting(async: boolean): Waiting<Guard> {
    const lock = this.#lock.waiting(async)
    return {
      owner: this,
      attempt: (sleep) => this.#attempt(sleep, async, lock),
      leave: () => lock.leave(),
      end: () => this.#end(),
      what: `${this.description} for writing`,
      owners: () => this.#owners(),
      own: () => [...(this.#lock.writing.draining ? [] : this.#lock.own()), ...this.#reader.shares],
    }
  }

  #owners(): readonly (AgentInfo | null)[] {
    if (!this.#lock.writing.draining) return this.#lock.owners()
    return this.#words.readers().map((agent) => this.describeAgent(agent))
  }

  /** First WRITER, then the readers: the first of this thread's calls takes both, for itself. */
  #attempt(sleep: Sleep, async: boolean, lock: Waiting<Guard>): Guard | undefined {
    const { writing } = this.#lock
    if (isEndless(sleep) && this.#readsHere) throw this.#deadlock()
    if (sleep.blocking) this.#reader.holdBackCalls()
    if (!writing.draining) {
      if (lock.attempt(sleep) === undefined) return undefined
      writing.draining = true
    } else if (sleep.slept > 0 && sleep.index === this.index + WRITER) {
      lock.leave() // it was woken for what another call of this thread had taken meanwhile
    }
    if (!this.#words.drain(sleep)) return undefined
    writing.draining = false
    return this.#lock.enterLater(async)
  }

  get #readsHere(): boolean {
    return this.#reader.isHeldHere
  }

  #deadlock(): IpcError {
    const why = 'this thread reads'
    return new IpcError('ERR_IPC_DEADLOCK', `acquire ${this.description} for writing: ${why}`)
  }

  /** A call has given up. If no other call waits, WRITER is given back; otherwise the next one goes on. */
  #end(): void {
    this.#reader.askAgain()
    const { writing } = this.#lock
    if (!writing.queue.isEmpty) return writing.queue.serve()
    if (!writing.draining) return
    writing.draining = false
    this.#lock.giveBack()
  }

  checkUnheld(): void {
    this.#lock.checkUnheld()
  }
}
