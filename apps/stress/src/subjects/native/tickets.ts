/**
 * tickets.c as a model: a thread asks for a sleep, or does not want it any more. It follows the C line by
 * line, as agents.ts does; but there is one parker, which is an agent already, and stands in the file's table
 * once for each thread.
 */
import { ALL } from '@ipc/core/author'
import { Agents } from './agents.ts'
import { Openers } from './openers.ts'
import { CANCELLED, ROOM, WAITING, type Process } from './process.ts'
import { Sinks } from './sink.ts'

export class Tickets {
  readonly #process: Process
  readonly #openers: Openers
  readonly #sinks: Sinks

  constructor(process: Process) {
    this.#process = process
    this.#openers = new Openers(new Agents(process.memory))
    this.#sinks = new Sinks(process)
  }

  /** Answers with the ticket's id. */
  ticket(sink: number, word: number, expected: number, roster: number): number {
    const { memory, at } = this.#process
    this.#process.lock(at.parkersLock)
    this.#process.lock(at.lock)
    const { tickets } = this.#process
    const ticket = Array.from({ length: ROOM }, (_, i) => i).find((i) => !tickets.includes(i))
    if (ticket === undefined) return memory.stay()
    this.#process.setTicket(ticket, { word, roster, sink, sleptOn: false, passes: 0 })
    memory.store(at.expected(ticket), expected)
    memory.store(at.state(ticket), WAITING)
    this.#process.tickets = [ticket, ...tickets]
    memory.store(at.stale, 1)
    call(this.#process)
    this.#process.unlock(at.lock)
    this.#process.unlock(at.parkersLock)
    return ticket
  }

  #cancel(which: (ticket: number, sink: number) => boolean, wait: boolean): void {
    const { memory, at } = this.#process
    this.#process.lock(at.parkersLock)
    let any = false
    this.#process.lock(at.lock)
    for (const ticket of this.#process.tickets) {
      if (!which(ticket, this.#process.ticket(ticket).sink)) continue
      const state = memory.compareExchange(at.state(ticket), WAITING, CANCELLED)
      if (state === WAITING || state === CANCELLED) any = true
    }
    if (any) {
      call(this.#process)
      const sweep = memory.load(at.sweeps)
      if (wait) while (memory.load(at.sweeps) === sweep) awaitProgress(this.#process)
    }
    this.#process.unlock(at.lock)
    this.#process.unlock(at.parkersLock)
  }

  cancel(sink: number, id: number): void {
    this.#cancel((ticket, of) => ticket === id && of === sink, false)
  }

  /** This models parkersForget() of what a thread has opened, which has the number of its sink. */
  forget(mapping: number): void {
    const { memory, at } = this.#process
    this.#cancel((_, sink) => sink === mapping, true)
    this.#process.lock(at.parkersLock)
    this.#openers.leave(memory.load(at.parker))
    this.#process.unlock(at.parkersLock)
  }

  /** This models ipc_sink_close(). */
  closeSink(sink: number): void {
    this.#sinks.close(sink)
    this.#cancel((_, of) => of === sink, false)
  }
}

/* ---- of parker.c -------------------------------------------------------------------------------- */

/** This models ipc_parker_call(). */
function call({ memory, at }: Process): void {
  memory.add(at.control, 1)
  if (memory.load(at.asleep) === 1) memory.unpark(at.control, 1)
}

/** This models ipc_parker_await(). */
function awaitProgress(process: Process): void {
  const { memory, at } = process
  const expected = memory.load(at.progress)
  memory.add(at.watchers, 1)
  process.unlock(at.lock)
  memory.sleepOn([{ word: at.progress, expected }], Infinity)
  process.lock(at.lock)
  memory.sub(at.watchers, 1)
}

/**
 * Nobody has read the counter unless somebody waits, so it then stays as it is: otherwise no state would come
 * twice.
 */
export function tellProgress({ memory, at }: Process): void {
  if (memory.load(at.watchers) === 0) return
  memory.add(at.sweeps, 1)
  memory.add(at.progress, 1)
  memory.unpark(at.progress, ALL)
}
