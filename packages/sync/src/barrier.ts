/**
 * Barrier: so many parties wait for one another, again and again. A party that dies while it waits
 * breaks the barrier for the others; so does one that gives up.
 *
 * STATE: WAITERS, a phase, and the number of the round. Then one place for each party: free for a
 * round, or the agent that waits there. Arrival takes the first free place, so the place is the
 * order; leaving frees it for the next round.
 *
 *   | phase     | who sleeps on STATE           | who leaves the phase                               |
 *   |-----------|-------------------------------|----------------------------------------------------|
 *   | FILLING   | parties of this round         | the last to arrive → DRAINING; anyone → BROKEN      |
 *   | DRAINING  | late arrivals                 | whoever finds all places left → FILLING, next round |
 *   | BROKEN    | nobody: all leave and throw   | reset → RESETTING                                  |
 *   | RESETTING | late arrivals; parties throw  | as DRAINING                                        |
 *
 * Every change of phase wakes all. The round does not change before all its parties have left, so a
 * party always learns how its own round ended. Who waits for that frees the places of the dead; in
 * FILLING a dead party means that the round can never be full, and whoever sees it breaks it.
 *
 * A place is free for one round only, or a slow arrival could take one in a later round:
 *
 *   T1 sees FILLING 1, first place free | rounds 1 and 2 come and go | T1 takes it in FILLING 3,
 *   T2 takes the second of two, believes to be the last, and nobody is where T1 should be
 *
 * In its own round an arrival that took a place looks at STATE again, and leaves if it is too late.
 */
import {
  ALL,
  AsyncQueue,
  block,
  checkOptions,
  checkSignal,
  checkTimeout,
  deadlineAfter,
  integer,
  IpcError,
  Place,
  Primitive,
  unlinkName,
  wrongType,
  type Handle,
  type Inspection,
  type Layout,
  type OpenOptions,
  type Sleep,
  type Surroundings,
  type TryOptions,
  type TryWaitOptions,
  type UnlinkOptions,
  type Waiting,
} from '@ipc/core'

const KIND = 'barrier'

const WAITERS = 0x80000000 | 0
const PHASE = 0x60000000
const FILLING = 0
const DRAINING = 0x20000000
const BROKEN = 0x40000000
const RESETTING = 0x60000000
const ROUND = 0x1fffffff

/** In a place: free for the round in the bits below. Round 0 is all zeros. */
const FREE = 0x80000000 | 0

const STATE = 0
const FIRST_PLACE = 1

const MAX_PARTIES = 1000

const phaseOf = (state: number): number => state & PHASE
const roundOf = (state: number): number => state & ROUND
const nextRound = (round: number): number => (round + 1) & ROUND
const freeFor = (round: number): number => (round === 0 ? 0 : FREE | round)
const isAgent = (place: number): boolean => place > 0

export interface BarrierOptions {
  /** Runs in the last to arrive, before anyone goes on; if it throws, the barrier is broken. */
  readonly action?: (() => void) | undefined
  /** The default of `wait`, in milliseconds. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined
}

/** What a party learns. */
export interface BarrierPass {
  /** The order of arrival in this round, from 0. */
  readonly index: number
  /** Whether it was the last to arrive. */
  readonly last: boolean
}

export interface BarrierInspection extends Inspection {
  readonly parties: number
  readonly waiting: number
  readonly broken: boolean
}

type Ending = 'full' | 'passed' | 'broken'
const NOT_ARRIVED = -1

/** One party in one round. */
interface Arrival extends Waiting<Ending> {
  place: number
  round: number
}

/**
 * ```js
 * const barrier = Barrier.open('stages', { parties: 3 })
 * const { index, last } = await barrier.waitAsync()
 * ```
 */
export class Barrier extends Primitive {
  /** How many must come. */
  readonly parties: number
  readonly #me: number
  readonly #action: (() => void) | undefined
  readonly #timeoutMs: number
  readonly #pending: Map<Arrival, AsyncQueue<Ending>> = new Map()

  /** Thread scope; shared by its `handle`. */
  constructor(parties: number | Place, options?: BarrierOptions) {
    super(parties instanceof Place ? parties : Place.ofItsOwn(layoutOf(parties)))
    checkOptions('barrier options', options)
    const action = options?.action
    if (action !== undefined && typeof action !== 'function') {
      throw wrongType('action', 'a function', action)
    }
    this.parties = this.place.options[0]!
    this.#me = this.memory.self
    this.#action = action
    this.#timeoutMs = options?.timeoutMs === undefined ? Infinity : checkTimeout(options.timeoutMs)
  }

  /** Process scope, without a name: passed on by its handle, gone with its last user. */
  static create(options: BarrierOptions & { readonly parties: number }): Barrier {
    return new Barrier(Place.create(layoutOf(options?.parties)), options)
  }

  /**
   * Process scope, by name; made if it is absent. `parties` is needed to make one.
   * @throws IpcError ERR_IPC_OPTIONS_MISMATCH when it is in use with other `parties`
   */
  static open(
    name: string,
    options?: BarrierOptions & OpenOptions & { readonly parties?: number | undefined },
  ): Barrier {
    checkOptions('open() options', options)
    const given = options?.parties !== undefined
    const create = given ? options.create : false
    return new Barrier(
      Place.open(name, layoutOf(given ? options.parties : 1), given, { create }),
      options,
    )
  }

  /** Inside a memory of yours, at `index` (in words); all-zero words are an empty barrier. */
  static at(
    memory: Surroundings,
    index: number,
    options: BarrierOptions & { readonly parties: number },
  ): Barrier {
    return new Barrier(Place.at(memory, index, layoutOf(options?.parties)), options)
  }

  /** How many words `at` needs. */
  static words(options: { readonly parties: number }): number {
    return layoutOf(options?.parties).words
  }

  static from(handle: Handle, options?: BarrierOptions): Barrier {
    return new Barrier(Place.from(KIND, handle), options)
  }

  /** Removes the name; returns whether there was one. Refused while it is in use, unless forced. */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options)
  }

  /** How many parties wait for the others; 0 when nobody does, or a round has just ended. */
  get waiting(): number {
    this.checkOpen()
    const state = this.#state()
    if (phaseOf(state) !== FILLING) return 0
    let waiting = 0
    for (let place = 0; place < this.parties; place++) {
      if (isAgent(this.memory.load(this.#placeWord(place)))) waiting++
    }
    return waiting
  }

  /** Whether everybody who waits throws, until `reset`. */
  get broken(): boolean {
    this.checkOpen()
    return phaseOf(this.#state()) === BROKEN
  }

  /**
   * Blocks the thread until all parties have come. On the main thread that blocks the event loop:
   * prefer `waitAsync` there.
   * @throws IpcError ERR_IPC_BROKEN_BARRIER when a party dies or gives up, on `abort` and `reset`,
   *   and when the time is over, which breaks the barrier for everyone
   */
  wait(options?: TryOptions): BarrierPass {
    const deadline = this.#deadline('wait', options)
    const arrival = this.#arrival()
    let ending: Ending | undefined
    try {
      ending = block(this.memory, arrival, deadline, () => this.description)
    } catch (error) {
      this.#giveUp(arrival)
      throw error
    }
    return this.#end(arrival, ending)
  }

  /** The same without blocking. Aborting rejects with `signal.reason`, and breaks the barrier. */
  async waitAsync(options?: TryWaitOptions): Promise<BarrierPass> {
    const deadline = this.#deadline('waitAsync', options)
    const signal = checkSignal(options?.signal)
    signal?.throwIfAborted()
    const arrival = this.#arrival()
    // Each call sleeps for itself: in a queue, a later one would not arrive before the first.
    const queue = new AsyncQueue<Ending>(this.memory)
    this.#pending.set(arrival, queue)
    let ending: Ending | null
    try {
      ending = await queue.wait(arrival, deadline, signal)
    } catch (error) {
      this.#giveUp(arrival)
      throw error
    } finally {
      this.#pending.delete(arrival)
    }
    return this.#end(arrival, ending ?? undefined)
  }

  /** Breaks the barrier: everybody who waits throws, and whoever comes, until `reset`. */
  abort(): void {
    this.checkOpen()
    this.#break(roundOf(this.#state()))
  }

  /** Makes it usable again. Whoever waits throws. */
  reset(): void {
    this.checkOpen()
    for (;;) {
      const state = this.#state()
      const phase = phaseOf(state)
      if (phase === FILLING && this.waiting === 0) return
      if (phase === DRAINING || phase === RESETTING) return this.#tryNextRound(roundOf(state))
      if (!this.#change(state, RESETTING)) continue
      return this.#tryNextRound(roundOf(state))
    }
  }

  inspect(): BarrierInspection {
    const { scope, name, parties, waiting, broken } = this
    return { kind: KIND, name, scope, parties, waiting, broken }
  }

  /* ---- arriving -------------------------------------------------------------------------------- */

  #deadline(call: string, options: TryOptions | undefined): number {
    this.checkOpen()
    checkOptions(`${call}() options`, options)
    const given = options?.timeoutMs
    return deadlineAfter(this.memory, given === undefined ? this.#timeoutMs : checkTimeout(given))
  }

  #arrival(): Arrival {
    const arrival: Arrival = {
      owner: this,
      place: NOT_ARRIVED,
      round: 0,
      attempt: (sleep) =>
        arrival.place === NOT_ARRIVED ? this.#arrive(arrival, sleep) : this.#look(arrival, sleep),
      leave: () => {},
    }
    return arrival
  }

  #arrive(arrival: Arrival, sleep: Sleep): Ending | undefined {
    for (;;) {
      const state = this.#state()
      const round = roundOf(state)
      const phase = phaseOf(state)
      if (phase === BROKEN) return 'broken'
      if (phase === FILLING && this.#takePlace(arrival, round)) {
        const now = this.#state()
        if (roundOf(now) === round && phaseOf(now) === FILLING) {
          const full = arrival.place === this.parties - 1 && !this.#hasDead()
          return full ? 'full' : this.#look(arrival, sleep)
        }
        this.#leave(arrival) // too late
        continue
      }
      if (phase !== FILLING) this.#tryNextRound(round)
      if (this.#sleepOn(state, sleep)) return undefined
    }
  }

  /** FREE for this round → me; false when all are taken: the last to arrive runs the action. */
  #takePlace(arrival: Arrival, round: number): boolean {
    for (let place = 0; place < this.parties; place++) {
      const word = this.#placeWord(place)
      const free = freeFor(round)
      if (this.memory.compareExchange(word, free, this.#me) !== free) continue
      arrival.place = place
      arrival.round = round
      return true
    }
    if (this.#hasDead()) this.#break(round)
    return false
  }

  /** How the round of an arrival goes on. */
  #look(arrival: Arrival, sleep: Sleep): Ending | undefined {
    for (;;) {
      const state = this.#state()
      const phase = phaseOf(state)
      if (phase === DRAINING) return 'passed'
      if (phase !== FILLING) return 'broken'
      if (this.#hasDead()) this.#break(arrival.round)
      else if (this.#sleepOn(state, sleep)) return undefined
    }
  }

  #hasDead(): boolean {
    for (let place = 0; place < this.parties; place++) {
      const word = this.memory.load(this.#placeWord(place))
      if (isAgent(word) && this.memory.isDead(word)) return true
    }
    return false
  }

  #sleepOn(state: number, sleep: Sleep): boolean {
    const announced = state | WAITERS
    const index = this.index + STATE
    if (state !== announced && this.memory.compareExchange(index, state, announced) !== state) {
      return false
    }
    sleep.on(index, announced)
    return true
  }

  /* ---- ending ---------------------------------------------------------------------------------- */

  #end(arrival: Arrival, ending: Ending | undefined): BarrierPass {
    if (ending === 'full' && this.#runAction(arrival)) ending = 'passed'
    if (ending !== 'passed') {
      this.#giveUp(arrival)
      const why = ending === undefined ? 'the time is over' : 'the barrier is broken'
      throw new IpcError('ERR_IPC_BROKEN_BARRIER', `wait for ${this.description}: ${why}`)
    }
    const { place } = arrival
    this.#leave(arrival)
    return { index: place, last: place === this.parties - 1 }
  }

  /** FILLING → DRAINING, after the action; false when the barrier was broken meanwhile. */
  #runAction(arrival: Arrival): boolean {
    try {
      this.#action?.()
    } catch (error) {
      this.#giveUp(arrival)
      throw error
    }
    for (;;) {
      const state = this.#state()
      if (phaseOf(state) !== FILLING) return false
      if (this.#change(state, DRAINING)) return true
    }
  }

  /** Without having passed: the others cannot pass either. */
  #giveUp(arrival: Arrival): void {
    if (arrival.place === NOT_ARRIVED) return
    this.#break(arrival.round)
    this.#leave(arrival)
  }

  #leave(arrival: Arrival): void {
    const { place, round } = arrival
    arrival.place = NOT_ARRIVED
    const word = this.#placeWord(place)
    this.memory.compareExchange(word, this.#me, freeFor(nextRound(round)))
    const phase = phaseOf(this.#state())
    if (phase === DRAINING || phase === RESETTING) this.#tryNextRound(round)
  }

  /** FILLING → BROKEN, if it is still that round. */
  #break(round: number): void {
    for (;;) {
      const state = this.#state()
      if (roundOf(state) !== round || phaseOf(state) !== FILLING) return
      if (this.#change(state, BROKEN)) return
    }
  }

  /** DRAINING or RESETTING → FILLING of the next round, when all places were left. */
  #tryNextRound(round: number): void {
    const free = freeFor(nextRound(round))
    for (let place = 0; place < this.parties; place++) {
      if (!this.#isLeft(this.#placeWord(place), round, free)) return
    }
    for (;;) {
      const state = this.#state()
      const phase = phaseOf(state)
      if (roundOf(state) !== round || (phase !== DRAINING && phase !== RESETTING)) return
      if (this.#change(state, FILLING, nextRound(round))) return
    }
  }

  /** Frees it for the next round if its party is dead, or never came. */
  #isLeft(word: number, round: number, free: number): boolean {
    const there = this.memory.load(word)
    if (there === free) return true
    const nobody = isAgent(there) ? this.memory.isDead(there) : there === freeFor(round)
    return nobody && this.memory.compareExchange(word, there, free) === there
  }

  /* ---- words ----------------------------------------------------------------------------------- */

  #state(): number {
    return this.memory.load(this.index + STATE)
  }

  #placeWord(place: number): number {
    return this.index + FIRST_PLACE + place
  }

  /** To another phase; wakes all who sleep on the old one. */
  #change(state: number, phase: number, round: number = roundOf(state)): boolean {
    const index = this.index + STATE
    if (this.memory.compareExchange(index, state, phase | round) !== state) return false
    if ((state & WAITERS) !== 0) this.memory.unpark(index, ALL)
    return true
  }

  protected finish(): void {
    for (const [arrival, queue] of this.#pending) {
      this.#giveUp(arrival)
      queue.fail(this.closedError())
    }
  }
}

function layoutOf(parties: unknown): Layout {
  const count = integer('parties', parties, 1, MAX_PARTIES)
  return { kind: KIND, words: FIRST_PLACE + count, options: [count, 0, 0, 0] }
}
