import type { AgentId, AgentInfo, Memory, ParkResult, Ticket, Wake, Watch } from '../memory.ts'
import {
  FIRST_ID,
  LATE_MS,
  NEVER,
  REFUSED,
  Op,
  RESULTS,
  RUNS,
  SLEEP_CHANGED,
  SLEPT_OUT,
  TICKETS,
  TIMED_OUT,
  UNWATCHED,
  type Ends,
  type Operation,
  type OpKind,
} from './operation.ts'
import type { CallNote } from './named.ts'
import { numberOf, type Sleep } from './sleeps.ts'

/** Something that an agent did and that the monitor is told; it is no operation, so it takes no time. */
export interface Mark {
  readonly code: number
  readonly value: number
}

/** Gives the answers that no record has; undefined stops the execution there. */
export type Oracle = (operation: Operation, memory: SimulatedMemory) => number | undefined

/** Thrown through the code under test at its first operation that has no answer yet. */
export const STOP: Error = new Error('stopped by the explorer')

const NO_WAKES: (Wake | null)[] = []

/** Code that catches everything and tries again would never end. */
const MAX_OPERATIONS_AFTER_STOP = 10_000

/** No error ends such code, so the process is ended, if there is one. */
function endProcess(): void {
  console.error(
    'the code of an agent catches the exception that stops it, and goes on for ever: ' +
      'it must let through what it does not know',
  )
  ;(globalThis as { process?: { exit(code: number): never } }).process?.exit(1)
}

/** With the same answers, the code under test did something else than the last time. */
export class Diverged extends Error {
  override readonly name: string = 'Diverged'
}

/**
 * The memory that one execution of an agent's code sees: it answers the first operations from a record, and
 * stops the execution at the next one. Each execution gets a new one, so that whatever the primitives
 * remember of a memory starts anew, too.
 */
export class SimulatedMemory implements Memory {
  readonly self: AgentId
  /** The operation at which it stopped. */
  stoppedAt: Operation | null = null
  /** Whether the code is inside a wait that may time out. */
  timed = false
  /** This many sleeps end at once, by a wake that was meant for an earlier sleep on the word. */
  staleWakes = 0
  /** The monitor is told these when the operation before them has happened. */
  after: Mark[] = []
  /** The monitor is told these when the operation after them happens. */
  before: Mark[] = []
  /** The calls and returns of the code since the last operation, if they are asked for. */
  calls: CallNote[] = []

  readonly #operations: readonly Operation[]
  readonly #answers: readonly number[]
  readonly #oracle: Oracle | undefined
  #next = 0
  #now = 0
  #sinceStop = 0
  /** A map of the asynchronous sleeps; most executions have none, so it is made with the first one. */
  #wakes: (Wake | null)[] = NO_WAKES

  /** Nobody waits for its calls: see `keepAliveIn`. */
  get isReal(): false {
    return false
  }

  constructor(
    agent: number,
    operations: readonly Operation[],
    answers: readonly number[],
    oracle?: Oracle,
  ) {
    this.self = FIRST_ID + agent
    this.#operations = operations
    this.#answers = answers
    this.#oracle = oracle
  }

  load(index: number): number {
    return this.#do(Op.LOAD, index, 0, 0)
  }

  store(index: number, value: number): void {
    this.#do(Op.STORE, index, value, 0)
  }

  compareExchange(index: number, expected: number, value: number): number {
    return this.#do(Op.COMPARE_EXCHANGE, index, expected, value)
  }

  exchange(index: number, value: number): number {
    return this.#do(Op.EXCHANGE, index, value, 0)
  }

  add(index: number, value: number): number {
    return this.#do(Op.ADD, index, value, 0)
  }

  sub(index: number, value: number): number {
    return this.#do(Op.SUB, index, value, 0)
  }

  and(index: number, value: number): number {
    return this.#do(Op.AND, index, value, 0)
  }

  or(index: number, value: number): number {
    return this.#do(Op.OR, index, value, 0)
  }

  /** This is a step as well: a thread may die before it. */
  get(index: number): number {
    return this.#do(Op.LOAD, index, 0, 0)
  }

  set(index: number, value: number): void {
    this.#do(Op.STORE, index, value, 0)
  }

  /** This is no operation of `Memory`, but one of `Atomics`. */
  xor(index: number, value: number): number {
    return this.#do(Op.XOR, index, value, 0)
  }

  isDead(agent: AgentId): boolean {
    return this.#do(Op.IS_DEAD, agent, 0, 0) === 1
  }

  arm(): Watch {
    return this.#do(Op.ARM, 0, 0, 0)
  }

  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult {
    if (this.staleWakes > 0) {
      this.staleWakes--
      return 'woken'
    }
    const result = this.#do(Op.PARK, index, expected, watch)
    if (result === TIMED_OUT) this.#now = Math.max(this.#now, deadline)
    return RESULTS[result]!
  }

  parkAsync(index: number, expected: number, watch: Watch, wake: Wake): Ticket {
    return this.#sleepAsync(index, expected, watch, wake)!
  }

  #sleepAsync(index: number, expected: number, watch: Watch, wake: Wake): Ticket | null {
    if (this.#wakes === NO_WAKES) this.#wakes = Array.from({ length: TICKETS }, () => null)
    const slot = this.#wakes.findIndex((known) => known === null)
    if (slot < 0) throw new Error(`an agent may have ${TICKETS} asynchronous sleeps`)
    if (this.#do(Op.PARK_ASYNC, index, expected, watch) === REFUSED) return null
    this.#wakes[slot] = wake
    return {
      cancel: () => {
        if (this.#wakes[slot] !== wake || this.#do(Op.CANCEL, slot, 0, 0) === 0) return false
        this.#wakes[slot] = null
        return true
      },
    }
  }

  /** `Atomics.wait`. With a finite time-out it may time out at any moment. */
  wait(index: number, expected: number, timeoutMs: number): 'woken' | 'changed' | 'timed-out' {
    const { timed } = this
    this.timed = timeoutMs !== Infinity
    // An execution that stops here leaves `timed` as it is: it is a property of the sleep.
    const result = this.#do(Op.PARK, index, expected, UNWATCHED)
    this.timed = timed
    if (result === TIMED_OUT) this.#now += timeoutMs
    return RESULTS[result] as 'woken' | 'changed' | 'timed-out'
  }

  /** `Atomics.waitAsync`; null if the word is not what is expected. */
  waitAsync(index: number, expected: number, wake: Wake): Ticket | null {
    return this.#sleepAsync(index, expected, UNWATCHED, wake)
  }

  /** Answers with the number of the word that it was woken on, or SLEEP_CHANGED, or SLEPT_OUT. */
  sleepOn(sleeps: readonly Sleep[], deadline: number, ends: Ends = NEVER): number {
    const list = numberOf(sleeps)
    const first = this.#do(Op.SLEEP_ON, list, ends, 0)
    if (first === SLEPT_OUT) this.#now = Math.max(this.#now, deadline)
    if (first >= SLEEP_CHANGED) return first
    let woken = 1 << first
    for (;;) {
      const another = this.#do(Op.UNQUEUE, list, woken, 0)
      if (another === RUNS) return 31 - Math.clz32(woken) // the kernel names the last one
      woken |= 1 << another
    }
  }

  /** Blocks until a word is `value`, and makes it `next`; false if the time is over. */
  await(index: number, value: number, next: number): boolean {
    return this.#do(Op.AWAIT, index, value, next) !== TIMED_OUT
  }

  /** Starts the same code again from its beginning. */
  again(): never {
    this.#do(Op.AGAIN, -1, 0, 0)
    throw STOP
  }

  /** Ends the thread, whatever else stands in its program. */
  exit(): never {
    this.#do(Op.EXIT, -1, 0, 0)
    throw STOP
  }

  /** The thread lives on, and does nothing more. */
  stay(): never {
    this.#do(Op.EXIT, -1, 1, 0)
    throw STOP
  }

  /** Waits for the next event of an event loop. */
  idle(value: number, aborts: number): number {
    return this.#do(Op.IDLE, -1, value, aborts)
  }

  /** Notes that an asynchronous sleep is over. */
  wakeTicket(slot: number, result: number): void {
    const wake = this.#wakes[slot]!
    this.#wakes[slot] = null
    wake(RESULTS[result]!)
  }

  get hasTickets(): boolean {
    return this.#wakes.some((wake) => wake !== null)
  }

  /** Sets the time; it never goes back. */
  setTime(ms: number): void {
    this.#now = Math.max(this.#now, ms)
  }

  unpark(index: number, count: number): number {
    return this.#do(Op.UNPARK, index, count, 0)
  }

  now(): number {
    if (this.timed && this.#now < LATE_MS && this.#do(Op.NOW, 0, 0, 0) === 1) this.#now = LATE_MS
    return this.#now
  }

  describe(agent: AgentId): AgentInfo {
    return { pid: 1, threadId: agent - FIRST_ID, alive: true }
  }

  #do(kind: OpKind, index: number, value: number, other: number): number {
    if (this.stoppedAt !== null) {
      if (++this.#sinceStop === MAX_OPERATIONS_AFTER_STOP) endProcess()
      throw STOP
    }
    value |= 0
    other |= 0
    const i = this.#next++
    if (i >= this.#operations.length) {
      const operation = { kind, index, value, other }
      const answer = this.#oracle?.(operation, this)
      if (answer === undefined) {
        this.stoppedAt = operation
        throw STOP
      }
      this.#forgetMarks()
      return answer
    }
    const known = this.#operations[i]!
    if (
      known.kind !== kind ||
      known.index !== index ||
      known.value !== value ||
      known.other !== other
    ) {
      throw new Diverged(`operation ${i} is not what it was: it depends on more than its answers`)
    }
    this.#forgetMarks()
    return this.#answers[i]!
  }

  #forgetMarks(): void {
    if (this.after.length > 0) this.after = []
    if (this.before.length > 0) this.before = []
    if (this.calls.length > 0) this.calls = []
  }
}
