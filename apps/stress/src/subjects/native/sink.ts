/**
 * sink.c as a model: where a thread hears of its tickets. It follows the C line by line, as agents.ts does.
 */
import { CANCELLED, listOf, RUNG, TAKEN, WAITING, wordOf, type Process } from './process.ts'

/** This value stands in place of the list when the sink is closed. */
const CLOSED = 1 << 24

const RUNGS = 1

export class Sinks {
  readonly #process: Process

  constructor(process: Process) {
    this.#process = process
  }

  /** Called while the parker's lock is held. */
  ring(ticket: number): void {
    const { memory, at } = this.#process
    const { sink } = this.#process.ticket(ticket)
    this.#process.lock(at.sinkLock(sink))
    const rung = memory.load(at.rung(sink))
    if (memory.load(at.state(ticket)) !== WAITING) throw new Error(`ticket ${ticket} is rung twice`)
    if (rung === CLOSED) {
      memory.store(at.state(ticket), CANCELLED)
    } else {
      memory.store(at.state(ticket), RUNG)
      memory.store(at.rung(sink), wordOf([...listOf(rung), ticket]))
      if (rung === 0) memory.store(at.bell(sink), RUNGS)
    }
    this.#process.unlock(at.sinkLock(sink))
  }

  /** Serves a law that only the model has, so it does not take the lock. */
  has(ticket: number): boolean {
    const { memory, at } = this.#process
    return listOf(memory.load(at.rung(this.#process.ticket(ticket).sink))).includes(ticket)
  }

  /** Takes the ids that have come. */
  take(sink: number): readonly number[] {
    const { memory, at } = this.#process
    const ids: number[] = []
    this.#process.lock(at.sinkLock(sink))
    for (;;) {
      const [ticket, ...rest] = listOf(memory.load(at.rung(sink)))
      if (ticket === undefined) break
      memory.store(at.rung(sink), wordOf(rest))
      const state = memory.load(at.state(ticket))
      if (state !== CANCELLED) ids.push(ticket)
      memory.store(at.state(ticket), TAKEN)
    }
    this.#process.unlock(at.sinkLock(sink))
    return ids
  }

  /** Closes a sink, except for the last lines of the C, which are in tickets.ts, as imports point one way. */
  close(sink: number): void {
    const { memory, at } = this.#process
    this.#process.lock(at.sinkLock(sink))
    const rung = listOf(memory.load(at.rung(sink)))
    memory.store(at.rung(sink), CLOSED)
    for (const ticket of rung) {
      memory.unpark(this.#process.ticket(ticket).word, 1)
      memory.store(at.state(ticket), TAKEN)
    }
    this.#process.unlock(at.sinkLock(sink))
  }

  /** Blocks until the bell was rung; answers false if the time is over before, where it may be. */
  hear(sink: number, timed: boolean): boolean {
    return this.#process.await(this.#process.at.bell(sink), RUNGS, 0, timed)
  }
}
