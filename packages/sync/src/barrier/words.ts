/** The words of a Barrier. The table is in barrier.ts. */
import { ALL, type Memory, type Place } from '@ipc/core/author'

const WAITERS = 0x80000000 | 0
const PHASE = 0x60000000
const FILLING = 0
const DRAINING = 0x20000000
const BROKEN = 0x40000000
const RESETTING = 0x60000000
const ABORTED = 0x10000000
const ROUND = 0x0fffffff

/** In a place: it is free for the round in the bits below. Round 0 is all zeros. */
const FREE = 0x80000000 | 0

const STATE = 0
export const FIRST_PLACE = 1
export const NO_PLACE = -1

const freeFor = (round: number): number => (round === 0 ? 0 : FREE | round)
const nextRound = (round: number): number => (round + 1) & ROUND
const isAgent = (place: number): boolean => place > 0

/** The meaning of one value of STATE. */
export class State {
  readonly word: number

  constructor(word: number) {
    this.word = word
  }

  get round(): number {
    return this.word & ROUND
  }

  get isFilling(): boolean {
    return (this.word & PHASE) === FILLING
  }

  /** All have come, and nothing can break the round any more. */
  get isDraining(): boolean {
    return (this.word & PHASE) === DRAINING
  }

  /** The parties that are inside must leave before anybody can arrive. */
  get isEnding(): boolean {
    return this.isDraining || (this.word & PHASE) === RESETTING
  }

  /** A party that comes now throws, until `reset`. */
  get isBroken(): boolean {
    return (this.word & PHASE) === BROKEN || (this.word & ABORTED) !== 0
  }
}

export class BarrierWords {
  readonly #memory: Memory
  readonly #state: number
  readonly #firstPlace: number
  readonly #parties: number

  constructor({ memory, index }: Place, parties: number) {
    this.#memory = memory
    this.#state = index + STATE
    this.#firstPlace = index + FIRST_PLACE
    this.#parties = parties
  }

  get state(): State {
    return new State(this.#memory.load(this.#state))
  }

  /** Whether the round still fills; then everything that was just seen in the places belongs to it. */
  isStillFilling(round: number): boolean {
    const { state } = this
    return state.isFilling && state.round === round
  }

  /** Where to sleep while the state is this one; null if the state has changed. */
  announceSleep({ word }: State): { index: number; expected: number } | null {
    const expected = word | WAITERS
    const index = this.#state
    if (word === expected || this.#memory.compareExchange(index, word, expected) === word) {
      return { index, expected }
    }
    return null
  }

  /* ---- places ----------------------------------------------------------------------------------- */

  /** The first that is free for the round → me; NO_PLACE when all are taken. */
  takePlace(round: number): number {
    const free = freeFor(round)
    for (let place = 0; place < this.#parties; place++) {
      const index = this.#firstPlace + place
      if (this.#memory.compareExchange(index, free, this.#memory.self) === free) return place
    }
    return NO_PLACE
  }

  /** me → free for the next round; the last to leave lets that begin. */
  leavePlace(place: number, round: number): void {
    this.#memory.store(this.#firstPlace + place, freeFor(nextRound(round)))
    const { state } = this
    if (state.isEnding) this.tryNextRound(round)
  }

  get taken(): number {
    let taken = 0
    for (let place = 0; place < this.#parties; place++) {
      if (isAgent(this.#memory.load(this.#firstPlace + place))) taken++
    }
    return taken
  }

  get hasDead(): boolean {
    for (let place = 0; place < this.#parties; place++) {
      const there = this.#memory.load(this.#firstPlace + place)
      if (isAgent(there) && this.#memory.isDead(there)) return true
    }
    return false
  }

  /** Frees it for the next round if its party is dead, or never came. */
  #isLeft(index: number, round: number): boolean {
    const free = freeFor(nextRound(round))
    const there = this.#memory.load(index)
    if (there === free) return true
    const nobody = isAgent(there) ? this.#memory.isDead(there) : there === freeFor(round)
    return nobody && this.#memory.compareExchange(index, there, free) === there
  }

  /* ---- phases ----------------------------------------------------------------------------------- */

  /** FILLING → DRAINING; false if the round was broken meanwhile. */
  letPass(): boolean {
    for (;;) {
      const { state } = this
      if (!state.isFilling) return false
      if (this.#change(state, DRAINING | state.round)) return true
    }
  }

  /** FILLING → BROKEN, if it is still that round. */
  breakRound(round: number): void {
    for (;;) {
      const { state } = this
      if (state.round !== round || !state.isFilling) return
      if (this.#change(state, BROKEN | round)) return
    }
  }

  /** FILLING → BROKEN; a round that ends is followed by a broken one. */
  abort(): void {
    for (;;) {
      const { state } = this
      if (state.isBroken) return
      const { round } = state
      const next = state.isFilling ? BROKEN | round : (state.word & PHASE) | ABORTED | round
      if (this.#change(state, next)) return
    }
  }

  /** FILLING with parties, or BROKEN → RESETTING; takes ABORTED back. */
  reset(): void {
    for (;;) {
      const { state } = this
      const { round } = state
      if (state.isFilling && this.taken === 0) return
      const next = state.isDraining ? DRAINING : RESETTING
      if (!this.#change(state, next | round)) continue
      return this.tryNextRound(round)
    }
  }

  /** DRAINING or RESETTING → FILLING, or BROKEN, of the next round, when all places were left. */
  tryNextRound(round: number): void {
    for (let place = 0; place < this.#parties; place++) {
      if (!this.#isLeft(this.#firstPlace + place, round)) return
    }
    for (;;) {
      const { state } = this
      if (state.round !== round || !state.isEnding) return
      const phase = state.isBroken ? BROKEN : FILLING
      if (this.#change(state, phase | nextRound(round))) return
    }
  }

  /** Wakes all who sleep on the old state. */
  #change({ word }: State, next: number): boolean {
    if (this.#memory.compareExchange(this.#state, word, next) !== word) return false
    if ((word & WAITERS) !== 0) this.#memory.unpark(this.#state, ALL)
    return true
  }
}
