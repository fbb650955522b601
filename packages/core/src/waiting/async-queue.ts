import { abortWith, ignoreAbort, type Abortable } from './abort.ts'
import { IpcError, reasonForAnother } from '../errors.ts'
import { keepAliveIn, letGoIn } from './keep-alive.ts'
import {
  askWhoListens,
  LONG_WAIT_MS,
  stackHere,
  tell,
  traceAs,
  startWatching,
  stopWatching,
  type Watched,
} from './long-waits.ts'
import type { Memory, ParkResult, Ticket } from '../memory/memory.ts'
import { NO_NOTE } from '../agents/notes.ts'
import { running, Suspicion } from './self-deadlock.ts'
import { NOWHERE, Sleep, type Waiting } from './sleep.ts'
import { areGone, EARLY_MS, LONGEST_TIMER_MS, timers, wereReplaced, type Timers } from './timers.ts'

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
  /** Where the call came from, if somebody wants to know. */
  readonly askedAt: string | null
  readonly #queue: AsyncQueue<T>
  readonly #signal: AbortSignal | undefined
  readonly #toRun: boolean
  #resolve: (result: T | null | Suspicion<T | null>) => void
  #reject: (reason: unknown) => void
  #timers: Timers | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Whether it was set for all the time that was left. */
  #isLastTimer = false

  constructor(
    queue: AsyncQueue<T>,
    waiting: Waiting<T>,
    deadline: number,
    signal: AbortSignal | undefined,
    toRun: boolean,
    resolve: (result: T | null | Suspicion<T | null>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.waiting = waiting
    this.sleep = new Sleep(false, deadline)
    this.#queue = queue
    this.#signal = signal
    this.#toRun = toRun
    this.#resolve = resolve
    this.#reject = reject
    this.askedAt = askWhoListens() ? stackHere() : null
    keepAliveIn(queue.memory)
    if (signal !== undefined) abortWith(signal, this)
  }

  settle(result: T | null): void {
    this.#end()
    if (this.askedAt !== null && result !== null) traceAs(result, this.askedAt)
    this.#resolve(result)
  }

  fail(reason: unknown): void {
    this.#end()
    this.#reject(reason)
  }

  abort(reason: unknown): void {
    if (this.#queue.remove(this)) this.fail(reason)
  }

  /** Lets `withAsync` check who awaits it; the wait goes on meanwhile. */
  beSuspected(): void {
    if (!this.#toRun) return
    const resolve = this.#resolve
    const rest = new Promise<T | null>((resolveRest, reject) => {
      this.#resolve = resolveRest as typeof resolve
      this.#reject = reject
    })
    const why = 'it is held by a function that awaits this, so neither could ever go on'
    const error = new IpcError('ERR_IPC_DEADLOCK', `acquire ${this.waiting.what}: ${why}`)
    resolve(new Suspicion(rest, () => this.abort(error)))
  }

  /**
   * Gives up when it is time. A timer may be a moment early, and cannot be arbitrarily long; one that
   * is much earlier than the clock is a test's, and is believed.
   */
  expire(): void {
    const left = this.sleep.deadline - this.#queue.now()
    const isOver = left <= 0 || (this.#isLastTimer && left > EARLY_MS)
    if (!isOver) this.#setTimer(left)
    else if (this.#queue.remove(this)) this.settle(null)
  }

  #setTimer(left: number): void {
    this.#isLastTimer = left <= LONGEST_TIMER_MS
    this.#timers = timers()
    const ms = Math.max(1, Math.min(Math.ceil(left), LONGEST_TIMER_MS))
    this.#timer = this.#timers.setTimeout(expire, ms, this)
  }

  /** Sets the timer anew if it was a test's, and the test has taken its timers back since. */
  renewTimer(): void {
    if (this.#timers === undefined || !areGone(this.#timers)) return
    this.#setTimer(this.sleep.deadline - this.#queue.now())
  }

  #end(): void {
    letGoIn(this.#queue.memory)
    this.#timers?.clearTimeout(this.#timer)
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
export class AsyncQueue<T> implements Watched {
  readonly #memory: Memory
  #first: Call<T> | null = null
  #last: Call<T> | null = null
  #ticket: Ticket | null = null
  /** The word that it sleeps on. */
  #ticketOn = NOWHERE
  /** The word on which the last ticket slept that came back for no reason, and the word's value. */
  #lookedAt = NOWHERE
  #lookedFor = 0
  /** When the first call began to sleep, or 0; kept until that was told. */
  #sleepsSince = 0
  #toldOf: Call<T> | null = null
  /** The note that this thread waits: while there are calls, and one of them has slept. */
  #note = NO_NOTE

  constructor(memory: Memory) {
    this.#memory = memory
  }

  get memory(): Memory {
    return this.#memory
  }

  now(): number {
    return this.#memory.now()
  }

  get isEmpty(): boolean {
    return this.#first === null
  }

  /** Resolves with what an attempt took, or null at the deadline; rejects with the abort reason. */
  wait(waiting: Waiting<T>, deadline: number, signal: AbortSignal | undefined): Promise<T | null> {
    return this.#wait(waiting, deadline, signal, false) as Promise<T | null>
  }

  /**
   * Waits as `wait` does, without a deadline, for a function that can be examined: see self-deadlock.ts.
   */
  waitToRun(
    waiting: Waiting<T>,
    signal: AbortSignal | undefined,
  ): Promise<T | Suspicion<T | null>> {
    return this.#wait(waiting, Infinity, signal, true) as Promise<T | Suspicion<T | null>>
  }

  #wait(
    waiting: Waiting<T>,
    deadline: number,
    signal: AbortSignal | undefined,
    toRun: boolean,
  ): Promise<T | null | Suspicion<T | null>> {
    return new Promise((resolve, reject) => {
      const call = new Call(this, waiting, deadline, signal, toRun, resolve, reject)
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
   * Gives the oldest call what the thread holds already. False if there is no call, or no call any more
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
    this.#beWatched(call, index)
    if (index === NOWHERE) return
    // A ticket that still sleeps on the word hears every wake of it. One that was parked when the
    // word had another value comes back by itself.
    if (this.#ticket !== null && this.#ticketOn === index) return
    this.#ticket?.cancel() // if it cannot be cancelled, it will only look once too often
    this.#ticketOn = index
    if (this.#note === NO_NOTE) this.#note = this.#memory.noteWait?.(index, false) ?? NO_NOTE
    const hasLooked = this.#lookedAt === index && this.#lookedFor === expected
    const { waiting } = call // not the call: its promise would stay for as long as others sleep
    const wake = (result: ParkResult): void => {
      if (this.#ticket === ticket) this.#ticket = null
      this.#lookedAt = result === 'changed' ? index : NOWHERE
      this.#lookedFor = expected
      if (this.#first === null) return waiting.leave()
      this.#first.sleep.over(result)
      this.#renewTimers()
      this.serve()
    }
    const ticket = this.#memory.parkAsync(index, expected, watch, wake, hasLooked)
    this.#ticket = ticket
  }

  #renewTimers(): void {
    if (!wereReplaced()) return
    for (let call = this.#first; call !== null; call = call.next) call.renewTimer()
  }

  /**
   * Has a wait watched if it is for this thread itself, which nothing else would end, or if somebody wants
   * to hear of it.
   */
  #beWatched(call: Call<T>, index: number): void {
    if (!this.#memory.isReal || this.#toldOf === call) return
    const isForItself = index === NOWHERE || (call.waiting.own?.() ?? []).length > 0
    if (!isForItself && call.askedAt === null) return
    if (this.#sleepsSince === 0) this.#sleepsSince = this.#memory.now()
    startWatching(this)
  }

  look(): boolean {
    const call = this.#first
    if (call === null || call === this.#toldOf) return false
    const waitedMs = this.#memory.now() - this.#sleepsSince
    if (waitedMs < LONG_WAIT_MS) return true
    this.#toldOf = call
    const { waiting } = call
    tell(waiting.what ?? 'something', waitedMs, false, waiting, call.askedAt)
    if (waiting.own?.().some((guard) => running.has(guard))) call.beSuspected()
    return false
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
    if (call.previous === null) this.#sleepsSince = 0
    if (this.#first !== null) return
    stopWatching(this)
    this.#toldOf = null
    if (this.#note === NO_NOTE) return
    this.#memory.endNote?.(this.#note)
    this.#note = NO_NOTE
  }

  /** Removes a call that has not taken; false if it is settled already. */
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
