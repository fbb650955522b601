import type { ParkResult, Watch } from '@ipc/core/author'
import { DATA } from './layout.ts'
import { NativeMemory } from './native-memory.ts'
import type { Process } from './process.ts'
import { Sinks } from './sink.ts'
import { Tickets } from './tickets.ts'

/** The fate of a call once its ticket is on the way. */
export type Fate =
  /** Its event loop waits for the doorbell. */
  | 'waits'
  /** Its event loop waits, and the call may be aborted meanwhile. */
  | 'may be aborted'
  /** It is aborted after a while, whether it was woken or not. */
  | 'is aborted'
  /** Its thread computes forever. */
  | 'is busy'
  /** Its thread is terminated after a while; the hook at the end of an environment runs. */
  | 'ends'

/** The error that ends an aborted call. */
export const ABORTED: Error = new Error('aborted')

/**
 * The memory of a named object for a thread that sleeps by tickets, as in an asynchronous call: its park() is
 * parkAsync() of ProcessParking, and an event loop that has nothing else to do. A call that is aborted
 * cancels its ticket, and leaves without another try, as in AsyncQueue.
 */
export class TicketMemory extends NativeMemory {
  readonly #process: Process
  readonly #sinks: Sinks
  readonly #tickets: Tickets
  /** The number of its sink, and of what it has opened. */
  readonly #thread: number
  readonly #fate: Fate
  #isAborted = false

  constructor(process: Process, self: number, thread: number, fate: Fate) {
    super(process.memory, self)
    this.#process = process
    this.#sinks = new Sinks(process)
    this.#tickets = new Tickets(process)
    this.#thread = thread
    this.#fate = fate
  }

  override arm(): Watch {
    if (this.#isAborted) throw ABORTED
    return super.arm()
  }

  override park(index: number, expected: number, _: number, seen: Watch): ParkResult {
    const { memory } = this.#process
    if (memory.staleWakes > 0) {
      memory.staleWakes--
      return 'woken'
    }
    const id = this.#tickets.ticket(this.#thread, DATA + index, expected, seen)
    if (this.#fate === 'is busy') memory.stay()
    if (this.#fate === 'ends' || this.#fate === 'is aborted') this.#process.nap()
    else if (this.#hear(id)) return 'woken'
    if (this.#fate === 'ends') this.leave()
    this.#tickets.cancel(this.#thread, id)
    this.#isAborted = true
    return 'changed'
  }

  /** Answers false if the call is aborted. */
  #hear(id: number): boolean {
    while (this.#sinks.hear(this.#thread, this.#fate === 'may be aborted')) {
      // Other ids are those of tickets that were cancelled too late.
      if (this.#sinks.take(this.#thread).includes(id)) return true
    }
    return false
  }

  /** This models leave() of binding.c. */
  leave(): never {
    this.agents.agentLeave(this.self)
    this.#tickets.closeSink(this.#thread)
    this.close()
    return this.#process.memory.exit()
  }

  /** Closes the object: first the parker's part of the file, then its own. */
  close(): void {
    this.#tickets.forget(this.#thread)
    this.openers.leave(this.self)
  }
}
