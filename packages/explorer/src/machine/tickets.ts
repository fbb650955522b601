import { TICKETS } from '../code/operation.ts'

/** An asynchronous sleep is a number: its word × 8, plus one of these, or plus RUNG and its result. */
const NO_TICKET = 0
const SLEEPS = 1
const RUNG = 2
const STATE_BITS = 3
const STATE = 7

/** The asynchronous sleeps of all agents: a part of the state's vector. */
export class Tickets {
  readonly #vector: Int32Array

  /** `vector` has TICKETS words for each agent, or none when no agent is an event loop. */
  constructor(vector: Int32Array) {
    this.#vector = vector
  }

  static words(agents: number, hasLoops: boolean): number {
    return hasLoops ? agents * TICKETS : 0
  }

  /** Takes a place for one more sleep, which begins asleep on the word. */
  park(agent: number, word: number): number {
    let slot = 0
    while (slot < TICKETS && this.#of(agent, slot) !== NO_TICKET) slot++
    this.#vector[agent * TICKETS + slot] = (word << STATE_BITS) | SLEEPS
    return slot
  }

  /** Ends a sleep; the agent has not heard of it yet. */
  ring(agent: number, slot: number, result: number): void {
    const word = this.#of(agent, slot) >> STATE_BITS
    this.#vector[agent * TICKETS + slot] = (word << STATE_BITS) | (RUNG + result)
  }

  remove(agent: number, slot: number): void {
    this.#vector[agent * TICKETS + slot] = NO_TICKET
  }

  removeAll(agent: number): void {
    if (this.#vector.length > 0) {
      this.#vector.fill(NO_TICKET, agent * TICKETS, (agent + 1) * TICKETS)
    }
  }

  isAsleep(agent: number, slot: number): boolean {
    return (this.#of(agent, slot) & STATE) === SLEEPS
  }

  sleepsOn(agent: number, slot: number, word: number): boolean {
    return this.#of(agent, slot) === ((word << STATE_BITS) | SLEEPS)
  }

  /** Answers -1 if the agent has none that sleeps. */
  anyAsleep(agent: number): number {
    for (let slot = 0; slot < TICKETS; slot++) if (this.isAsleep(agent, slot)) return slot
    return -1
  }

  /** Answers with the nth of the sleeps that have ended; -1 if fewer have. */
  nthRung(agent: number, n: number): number {
    for (let slot = 0; slot < TICKETS; slot++) {
      if ((this.#of(agent, slot) & STATE) >= RUNG && n-- === 0) return slot
    }
    return -1
  }

  countRung(agent: number): number {
    let count = 0
    while (this.nthRung(agent, count) >= 0) count++
    return count
  }

  resultOf(agent: number, slot: number): number {
    return (this.#of(agent, slot) & STATE) - RUNG
  }

  #of(agent: number, slot: number): number {
    return this.#vector[agent * TICKETS + slot] ?? NO_TICKET
  }
}
