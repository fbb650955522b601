/**
 * parker.c as a model: the thread that sleeps for the tickets of a process. It follows the C line by line, as
 * agents.ts does.
 *
 * A ticket (tickets.ts and sink.ts have the other threads' part):
 *
 *   | state     | who changes it, under which lock             | what the parker owes                        |
 *   | --------- | -------------------------------------------- | ------------------------------------------- |
 *   | WAITING   | parker → RUNG; thread → CANCELLED (parker's) | sleeps on its word, and for its file        |
 *   | RUNG      | parker → PASSED (parker's); thread → TAKEN   | its wake, if nobody takes it                |
 *   |           | (the sink's)                                 |                                             |
 *   | PASSED    | thread → TAKEN (the sink's)                  | the same again, ever more seldom            |
 *   | TAKEN     | parker frees it                              | nothing                                     |
 *   | CANCELLED | parker frees it                              | the wake it may have consumed while asleep  |
 *
 * These wakes could be lost, where T is a thread with a ticket and B sleeps on the same word:
 *
 *   - B's wake is consumed for T's ticket; T is busy, or gives up, or its thread ends, or the process dies.
 *   - It is consumed unseen, as another word woke the parker, too; the ticket is then cancelled.
 *   - It is passed on while B has not fallen asleep: hence again.
 *   - It is passed on while the parker is awake, and B is a ticket of the same parker.
 *   - A ticket comes, or is cancelled, between the parker's look and its sleep: `control` has changed then.
 *   - The kernel wakes the parker alone on a death: it wakes the others, also those of other files.
 *   - It is no opener any more, and still sleeps: if it dies with a wake, nobody hears of it.
 *
 * Time: the first pass may come at any moment; the last one, after a quarter of a second, comes when nobody
 * can go on. The model has two of the eight passes. Looks for no reason (after 240 ms and 1 s) are left out,
 * as they would hide lost wakes. Attaching to a domain, several files, agents with heirs, and more openers
 * than it can watch are left out, too.
 */
import { slotOf, roster, livenessOf, nudgeOf, SLOTS } from './layout.ts'
import { Agents } from './agents.ts'
import { Openers } from './openers.ts'
import {
  type Ends,
  LATE,
  NEVER,
  type Sleep,
  SLEEP_CHANGED,
  SLEPT_OUT,
  SOON,
} from '@ipc/explorer/engine'
import { CANCELLED, NO_TICKET, PASSED, RUNG, TAKEN, WAITING, type Process } from './process.ts'
import { Sinks } from './sink.ts'
import { tellProgress } from './tickets.ts'

const MOST_PASSES = 2

export class Parker {
  readonly #process: Process
  readonly #agents: Agents
  readonly #openers: Openers
  readonly #sinks: Sinks
  /** The parker's agent. */
  readonly #self: number

  constructor(process: Process, self: number) {
    this.#process = process
    this.#self = self
    this.#agents = new Agents(process.memory)
    this.#openers = new Openers(this.#agents)
    this.#sinks = new Sinks(process)
  }

  #makeList(): void {
    const { memory, at } = this.#process
    for (let slot = 1; slot < SLOTS; slot++) memory.store(at.watched(slot), 0)
    memory.store(at.stale, 0)
    const seen: number[] = []
    for (const ticket of this.#process.tickets) {
      const { sink } = this.#process.ticket(ticket)
      if (this.#process.stateOf(ticket) !== WAITING || seen.includes(sink)) continue
      seen.push(sink)
      this.#openers.watchCollect(this.#self, ({ slot, alive }) => {
        if (memory.load(at.watched(slot)) === 0) memory.store(at.watched(slot), alive)
      })
    }
  }

  #waitingOn(word: number): number | undefined {
    return this.#process.tickets.find(
      (ticket) =>
        this.#process.ticket(ticket).word === word && this.#process.stateOf(ticket) === WAITING,
    )
  }

  #passOn(word: number): boolean {
    this.#process.memory.unpark(word, 1)
    const ticket = this.#waitingOn(word)
    if (ticket !== undefined) this.#sinks.ring(ticket)
    return ticket !== undefined
  }

  #removeFinished(): void {
    const { memory, at } = this.#process
    const { tickets } = this.#process
    for (const ticket of tickets) {
      const state = this.#process.stateOf(ticket)
      if (state !== TAKEN && state !== CANCELLED) continue
      const { word, sleptOn } = this.#process.ticket(ticket)
      if (state === CANCELLED && sleptOn) this.#passOn(word)
      if (this.#sinks.has(ticket)) throw new Error(`ticket ${ticket} is freed and in a sink's list`)
      this.#process.tickets = this.#process.tickets.filter((other) => other !== ticket)
      memory.store(at.state(ticket), NO_TICKET)
    }
    tellProgress(this.#process)
  }

  /** `due` says which passes the time has come for. */
  #lookAtTickets(due: number): Ends {
    const { memory, at } = this.#process
    let next: Ends = NEVER
    for (const ticket of this.#process.tickets) {
      const before = this.#process.ticket(ticket)
      const { word } = before
      let { passes } = before
      let isDue = passes === 0 ? due !== NEVER : due === LATE
      let state = this.#process.stateOf(ticket)
      if (state === WAITING) {
        if (
          memory.load(word) !== this.#process.expectedOf(ticket) ||
          memory.load(roster) !== before.roster
        ) {
          this.#sinks.ring(ticket)
        }
        state = this.#process.stateOf(ticket)
        isDue = false
      }
      if ((state !== RUNG && state !== PASSED) || passes === MOST_PASSES) continue
      if (isDue) {
        if (state === RUNG && memory.compareExchange(at.state(ticket), RUNG, PASSED) !== RUNG)
          continue
        this.#process.setTicket(ticket, { ...before, passes: ++passes })
        if (this.#passOn(word)) next = SOON
      }
      if (passes < MOST_PASSES && next !== SOON) next = passes === 0 ? SOON : LATE
    }
    return next
  }

  #beIdle(): Ends {
    const { memory, at } = this.#process
    for (let slot = 1; slot < SLOTS; slot++) memory.store(at.watched(slot), 0)
    memory.store(at.stale, 1)
    return NEVER
  }

  turn(): never {
    const { memory, at } = this.#process
    const words: Sleep[] = []
    this.#process.lock(at.lock)
    words.push({ word: at.control, expected: memory.load(at.control) })
    this.#removeFinished()
    const isIdle = this.#process.tickets.length === 0
    if (!isIdle) {
      const nudge = nudgeOf(slotOf(this.#self))
      const nudged = memory.load(nudge)
      if (nudged !== memory.load(at.nudged)) memory.store(at.stale, 1)
      memory.store(at.nudged, nudged)
      words.push({ word: nudge, expected: nudged })
    }
    if (!isIdle && memory.load(at.stale) === 1) this.#makeList()
    const due = memory.load(at.due)
    const ends = isIdle ? this.#beIdle() : this.#lookAtTickets(due)
    const first = words.length
    for (const ticket of this.#process.tickets) {
      if (this.#process.stateOf(ticket) !== WAITING) continue
      const before = this.#process.ticket(ticket)
      words.push({ word: before.word, expected: this.#process.expectedOf(ticket) })
      this.#process.setTicket(ticket, { ...before, sleptOn: true })
    }
    const liveness = words.length
    for (let slot = 1; slot < SLOTS; slot++) {
      const alive = memory.load(at.watched(slot))
      if (alive !== 0) words.push({ word: livenessOf(slot), expected: alive })
    }
    memory.store(at.asleep, 1)
    this.#process.unlock(at.lock)

    const woken = memory.sleepOn(words, Infinity, ends)
    memory.store(at.asleep, 0)

    this.#process.lock(at.lock)
    memory.store(at.due, woken === SLEPT_OUT ? ends : NEVER)
    if (woken >= first && woken < liveness) {
      const { word } = words[woken]!
      const ticket = this.#waitingOn(word)
      if (ticket === undefined) memory.unpark(word, 1)
      else this.#sinks.ring(ticket)
    }
    if ((woken >= liveness && woken < words.length) || woken === SLEEP_CHANGED) {
      for (let slot = 1; slot < SLOTS; slot++) {
        const alive = memory.load(at.watched(slot))
        if (alive === 0 || memory.load(livenessOf(slot)) === alive) continue
        this.#agents.wakeAll(livenessOf(slot))
        memory.store(at.stale, 1)
      }
    }
    this.#process.unlock(at.lock)
    return memory.again()
  }
}
