import { abortWith, ignoreAbort, type Abortable } from './abort.ts'
import { reasonForAnother } from './errors.ts'
import { keepAlive, letGo } from './keep-alive.ts'
import type { Memory, Ticket } from './memory.ts'
import { NO_NOTE } from './notes.ts'
import { NOWHERE, Sleep, type Waiting } from './sleep.ts'

const LONGEST_TIMER_MS = 0x7fffffff
/** More than a real timer is ever early. */
const EARLY_MS = 5

/**
 * One pending asynchronous call, in its queue. Many may wait at once, and the collector copies each of
 * them several times: so it is one object, without closures.
 */
class Call<T> implements Abortable {
  readonly waiting: Waiting<T>
  readonly sleep: Sleep
  queued = true
  previous: Call<T> | null = null
  next: Call<T> | null = null
  readonly #queue: AsyncQueue<T>
  readonly #signal: AbortSignal | undefined
  readonly #resolve: (result: T | null) => void
  readonly #reject: (reason: unknown) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Whether it was set for all the time that was left. */
  #isLastTimer = false

  constructor(
    queue: AsyncQueue<T>,
    waiting: Waiting<T>,
    deadline: number,
    signal: AbortSignal | undefined,
    resolve: (result: T | null) => void,
    reject: (reason: unknown) => void,
  ) {
    this.waiting = waiting
    this.sleep = new Sleep(false, deadline)
    this.#queue = queue
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    keepAlive()
    if (signal !== undefined) abortWith(signal, this)
  }

  settle(result: T | null): void {
    this.#end()
    this.#resolve(result)
  }

  fail(reason: unknown): void {
    this.#end()
    this.#reject(reason)
  }

  abort(reason: unknown): void {
    if (this.#queue.remove(this)) this.fail(reason)
  }

  /**
   * Gives up when it is time. A timer may be a moment early, and cannot be arbitrarily long; one that
   * is much earlier than the clock is a test's, and is believed.
   */
  expire(): void {
    const left = this.sleep.deadline - this.#queue.now()
    const isOver = left <= 0 || (this.#isLastTimer && left > EARLY_MS)
    if (!isOver) {
      this.#isLastTimer = left <= LONGEST_TIMER_MS
      this.#timer = setTimeout(expire, Math.min(Math.ceil(left), LONGEST_TIMER_MS), this)
    } else if (this.#queue.remove(this)) this.settle(null)
  }

  #end(): void {
    letGo()
    clearTimeout(this.#timer)
    if (this.#signal !== undefined) ignoreAbort(this.#signal, this)
  }
}

function expire<T>(call: Call<T>): void {
  call.expire()
}

/**
 * The pending asynchronous calls of one thread on one object, oldest first. However many they are,
 * at most one ticket sleeps for them, and a wake costs as many tries as succeed, and one more.
 *
 * A call that is aborted or times out leaves at once. When the last one does, the ticket is
 * cancelled and the wake that it may have consumed is passed on; a ticket that cannot be cancelled
 * stays for the calls to come, and passes the wake on if there are none.
 */
export class AsyncQueue<T> {
  readonly #memory: Memory
  #first: Call<T> | null = null
  #last: Call<T> | null = null
  #ticket: Ticket | null = null
  /** The word that it sleeps on. */
  #ticketOn = NOWHERE
  /** While there are calls, and one of them has slept. */
  #note = NO_NOTE

  constructor(memory: Memory) {
    this.#memory = memory
  }

  now(): number {
    return this.#memory.now()
  }

  get isEmpty(): boolean {
    return this.#first === null
  }

  /** Resolves with what an attempt took, or null at the deadline; rejects with the abort reason. */
  wait(waiting: Waiting<T>, deadline: number, signal: AbortSignal | undefined): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const call = new Call(this, waiting, deadline, signal, resolve, reject)
      this.#append(call)
      if (this.#first === call) this.serve() // first, so that it is tried at least once
      if (call.queued && deadline !== Infinity) call.expire()
    })
  }

  /** Tries for the oldest calls until one fails, and sleeps for that one. */
  serve(): void {
    try {
      while (this.#first !== null) {
        const call = this.#first
        const watch = this.#memory.arm()
        const result = call.waiting.attempt(call.sleep)
        if (result === undefined) return this.#sleep(call, watch)
        this.#unlink(call)
        call.settle(result)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * Gives the oldest call what the thread holds already. False if there is none, or none any more
   * because the file was removed: what the thread holds is worth nothing then.
   */
  hand(make: (waiting: Waiting<T>) => T): boolean {
    try {
      this.#memory.arm()
    } catch (error) {
      this.fail(error)
    }
    const call = this.#first
    if (call === null) return false
    this.#unlink(call)
    call.settle(make(call.waiting))
    return true
  }

  /** Rejects all calls, or those that wait through one object, each with an error of its own. */
  fail(reason: unknown, owner?: object): void {
    let own = reason
    for (let call = this.#first; call !== null; call = call.next) {
      if (owner !== undefined && call.waiting.owner !== owner) continue
      this.remove(call)
      call.fail(own)
      own = reasonForAnother(reason)
    }
  }

  #sleep(call: Call<T>, watch: number): void {
    const { index, expected } = call.sleep
    if (index === NOWHERE) return
    // A ticket that still sleeps on the word hears every wake of it. One that was parked when the
    // word had another value comes back by itself.
    if (this.#ticket !== null && this.#ticketOn === index) return
    this.#ticket?.cancel() // if it cannot be cancelled, it will only look once too often
    this.#ticketOn = index
    if (this.#note === NO_NOTE) this.#note = this.#memory.noteWait?.(index, false) ?? NO_NOTE
    const ticket = this.#memory.parkAsync(index, expected, watch, (result) => {
      if (this.#ticket === ticket) this.#ticket = null
      if (this.#first === null) return call.waiting.leave()
      this.#first.sleep.over(result)
      this.serve()
    })
    this.#ticket = ticket
  }

  #append(call: Call<T>): void {
    call.previous = this.#last
    if (this.#last === null) this.#first = call
    else this.#last.next = call
    this.#last = call
  }

  #unlink(call: Call<T>): void {
    call.queued = false
    if (call.previous === null) this.#first = call.next
    else call.previous.next = call.next
    if (call.next === null) this.#last = call.previous
    else call.next.previous = call.previous
    if (this.#first !== null || this.#note === NO_NOTE) return
    this.#memory.endNote?.(this.#note)
    this.#note = NO_NOTE
  }

  /** Without having taken; false if the call is settled already. */
  remove(call: Call<T>): boolean {
    if (!call.queued) return false
    this.#unlink(call)
    if (this.#first !== null) return true
    if (this.#ticket?.cancel() === true) {
      this.#ticket = null
      call.waiting.leave()
    }
    call.waiting.end?.()
    return true
  }
}
