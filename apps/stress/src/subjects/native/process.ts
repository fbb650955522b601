/**
 * The words that the threads of one process share beside files (parker.h); they stand behind those of the
 * file.
 *
 * Words that a mutex protects are changed together with the step before, as nobody else can see them
 * meanwhile; `commutes` says which. The mutexes are words, too.
 */
import { Op, type Operation, type SimulatedMemory, SOON } from '@ipc/explorer/engine'
import { SLOTS } from './layout.ts'

/**
 * A parker can have this many tickets, including finished ones. A thread that finds no room does nothing
 * more.
 */
export const ROOM = 4
/** A process has this many threads with an event loop; each has a sink, and opened the file by itself. */
const THREADS = 3

/** These are ticket_state, and a place without a ticket. */
export const NO_TICKET = 0
export const WAITING = 1
export const RUNG = 2
export const PASSED = 3
export const TAKEN = 4
export const CANCELLED = 5

const STATES = ['no ticket', 'WAITING', 'RUNG', 'PASSED', 'TAKEN', 'CANCELLED']

const FREE = 0
const LOCKED = 1

/** The data of a ticket. Its place, from 0, is also its id. */
export interface Ticket {
  readonly word: number
  readonly roster: number
  readonly sink: number
  readonly sleptOn: boolean
  readonly passes: number
}

/** The places of all these words. */
export class Layout {
  readonly control: number
  readonly asleep: number
  readonly progress: number
  readonly #states: number
  readonly #bells: number
  readonly #own: number
  readonly parkersLock: number
  readonly lock: number
  readonly tickets: number
  readonly nudged: number
  readonly stale: number
  readonly sweeps: number
  readonly watchers: number
  readonly due: number
  /** The parker's agent. */
  readonly parker: number
  readonly #sinkLocks: number
  readonly #rung: number
  readonly #tickets: number
  readonly #expected: number
  /** A word that nobody ever changes, to sleep on. */
  readonly nap: number
  readonly #watched: number
  readonly end: number

  constructor(first: number) {
    let next = first
    const take = (words = 1): number => (next += words) - words
    this.control = take()
    this.asleep = take()
    this.progress = take()
    this.#states = take(ROOM)
    this.#bells = take(THREADS)
    this.#own = this.parkersLock = take()
    this.lock = take()
    this.#sinkLocks = take(THREADS)
    this.tickets = take()
    this.nudged = take()
    this.stale = take()
    this.sweeps = take()
    this.watchers = take()
    this.due = take()
    this.parker = take()
    this.#rung = take(THREADS)
    this.#tickets = take(ROOM)
    this.#expected = take(ROOM)
    this.#watched = take(SLOTS)
    this.nap = take()
    this.end = next
  }

  state = (ticket: number): number => this.#states + ticket
  bell = (sink: number): number => this.#bells + sink
  sinkLock = (sink: number): number => this.#sinkLocks + sink
  /** Each sink has this word: CLOSED, or the list of tickets that were rung. */
  rung = (sink: number): number => this.#rung + sink
  ticket = (ticket: number): number => this.#tickets + ticket
  expected = (ticket: number): number => this.#expected + ticket
  /** The value of a slot's liveness word as long as its agent lives, if it is watched; 0 if it is not. */
  watched = (slot: number): number => this.#watched + slot

  /** See `Model`. */
  commutes = ({ kind, index, value }: Operation, now: number): boolean => {
    if (index >= this.#own) return true
    // Only a ticket that was rung changes without the lock.
    if (index >= this.#states && index < this.#bells) return now !== RUNG && now !== PASSED
    if (index === this.control || index === this.progress) return kind === Op.LOAD
    return index === this.asleep && kind === Op.STORE && value === 1
  }

  show(index: number, value: number): string {
    const isState = index >= this.#states && index < this.#bells
    return isState ? STATES[value]! : String(value)
  }

  /** The names of the words that people want to see. */
  get names(): readonly string[] {
    const each = (name: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${name}${i}`)
    return [
      'control',
      'asleep',
      'progress',
      ...each('ticket', ROOM),
      ...each('bell', THREADS),
      'mutex of all',
      'mutex',
      ...each('mutex of sink', THREADS),
    ]
  }
}

/** These put a list of a few small numbers into one word. */
const DIGIT = 3
export function listOf(word: number): number[] {
  const list: number[] = []
  for (let rest = word & 0xffffff; rest !== 0; rest >>>= DIGIT) list.push((rest & 7) - 1)
  return list
}
export function wordOf(list: readonly number[]): number {
  return list.reduceRight((word, one) => (word << DIGIT) | (one + 1), 0)
}

export class Process {
  readonly memory: SimulatedMemory
  readonly at: Layout

  constructor(memory: SimulatedMemory, layout: Layout) {
    this.memory = memory
    this.at = layout
  }

  lock(mutex: number): void {
    this.await(mutex, FREE, LOCKED, false)
  }

  /**
   * Answers false if the time is over before, where `timed` allows that, however much time the caller has.
   */
  await(word: number, value: number, next: number, timed: boolean): boolean {
    const { memory } = this
    const before = memory.timed
    memory.timed = timed
    const isDone = memory.await(word, value, next)
    memory.timed = before
    return isDone
  }

  unlock(mutex: number): void {
    this.memory.store(mutex, FREE)
  }

  /** Does nothing for a while. */
  nap(): void {
    this.memory.sleepOn([{ word: this.at.nap, expected: 0 }], Infinity, SOON)
  }

  /** The tickets, newest first. */
  get tickets(): readonly number[] {
    return listOf(this.memory.load(this.at.tickets))
  }

  set tickets(tickets: readonly number[]) {
    this.memory.store(this.at.tickets, wordOf(tickets))
  }

  stateOf(ticket: number): number {
    return this.memory.load(this.at.state(ticket))
  }

  expectedOf(ticket: number): number {
    return this.memory.load(this.at.expected(ticket))
  }

  ticket(ticket: number): Ticket {
    const packed = this.memory.load(this.at.ticket(ticket))
    return {
      word: packed & 0xff,
      roster: (packed >> 8) & 0xff,
      sink: (packed >> 16) & 3,
      sleptOn: ((packed >> 18) & 1) === 1,
      passes: (packed >> 19) & 7,
    }
  }

  setTicket(ticket: number, { word, roster, sink, sleptOn, passes }: Ticket): void {
    const packed = word | (roster << 8) | (sink << 16) | (Number(sleptOn) << 18) | (passes << 19)
    this.memory.store(this.at.ticket(ticket), packed)
  }
}
