/**
 * Barrier: a fixed number of parties wait for one another, again and again. A party that dies while it
 * waits breaks the barrier for the others; so does one that gives up.
 *
 * STATE has WAITERS, a phase, ABORTED, and the number of the round. After it comes one place for each
 * party: free for a round, or the agent that waits there. A party that arrives takes the first free
 * place, so the place is the order; a party that leaves frees its place for the next round.
 *
 *   | phase     | who sleeps on STATE           | who leaves the phase                               |
 *   |-----------|-------------------------------|----------------------------------------------------|
 *   | FILLING   | parties of this round, and    | the last to arrive → DRAINING; anyone → BROKEN;    |
 *   |           | others while all places are   | reset → RESETTING                                  |
 *   |           | taken                         |                                                    |
 *   | DRAINING  | late arrivals                 | an agent that finds all left → FILLING, next round |
 *   | BROKEN    | nobody: all leave and throw   | reset → RESETTING                                  |
 *   | RESETTING | late arrivals; parties throw  | as DRAINING                                        |
 *
 * Every change wakes all. ABORTED in DRAINING or RESETTING: late arrivals throw, and the next round
 * begins BROKEN; without it, an abort just after a round would be lost.
 *
 * The round does not change before all its parties have left, so a party always learns how its own
 * round ended. An agent that waits for the parties to leave frees the places of the dead ones. In
 * FILLING a dead party means that the round can never be full, and the party that sees it breaks the
 * round. WAITERS is fatal if not set while somebody sleeps.
 *
 * A place is free for one round only, or a slow arrival could take one in a later round:
 *
 *   T1 sees FILLING 1, first place free | rounds 1 and 2 come and go | T1 takes it in FILLING 3,
 *   T2 takes the second of two, believes to be the last, and nobody is where T1 should be
 *
 * An arrival that took a place checks STATE again. If the same round is DRAINING it was counted:
 *
 *   T1 takes the first place of two | T2 takes the second, is the last, lets pass | T1 checks
 *
 * for no place is free in DRAINING. If the round was broken or reset meanwhile, it came too late.
 */
import {
  IpcError,
  type Handle,
  type Inspection,
  type OpenOptions,
  type TryOptions,
  type TryWaitOptions,
  type UnlinkOptions,
} from '@ipc/core'
import {
  AsyncQueue,
  block,
  checkOptions,
  checkSignal,
  checkTimeout,
  deadlineAfter,
  integer,
  isThenable,
  Place,
  Primitive,
  unlinkName,
  wrongType,
  type Layout,
  type Sleep,
  type Surroundings,
  type Waiting,
} from '@ipc/core/author'
import { BarrierWords, FIRST_PLACE, NO_PLACE, type State } from './words.ts'

const KIND = 'barrier'

const MAX_PARTIES = 1000

export interface BarrierOptions {
  /**
   * Runs in the last to arrive, before anyone goes on; if it throws, the barrier is broken. It must not
   * be an asynchronous function: nobody would wait for it, so a promise is a TypeError.
   */
  readonly action?: (() => void) | undefined
  /** The default of `wait`, in milliseconds. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined
}

/** The result of a wait, for one party. */
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

/** `full`: this party is the last to arrive, and lets the others pass. */
type Ending = 'full' | 'passed' | 'broken'

/** One party in one round. */
interface Arrival extends Waiting<Ending> {
  place: number
  round: number
  /** Whether it has its place. */
  isInside: boolean
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
  readonly #words: BarrierWords
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
    this.#words = new BarrierWords(this.place, this.parties)
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
      Place.open(name, layoutOf(given ? options.parties : 1), given, { create }, layoutOfStored),
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
    return new Barrier(Place.from(KIND, handle, layoutOfStored), options)
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(KIND, name, options)
  }

  /** How many parties wait for the others; 0 when nobody does, or a round has just ended. */
  get waiting(): number {
    this.checkOpen()
    for (;;) {
      const { state } = this.#words
      if (!state.isFilling) return 0
      const { taken } = this.#words
      if (this.#words.isStillFilling(state.round)) return taken
    }
  }

  /** Whether every party that waits throws, until `reset`. */
  get broken(): boolean {
    this.checkOpen()
    for (;;) {
      const { state } = this.#words
      if (state.isBroken) return true
      if (!state.isFilling || !this.#words.hasDead) return false
      // A party that died after the round had passed has broken nothing.
      if (this.#words.isStillFilling(state.round)) return true
    }
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

  /** Waits without blocking. Aborting rejects with `signal.reason`, and breaks the barrier. */
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
      if (this.#giveUp(arrival) === 'broken' || this.closed) throw error
      ending = 'passed' // aborted too late
    } finally {
      this.#pending.delete(arrival)
    }
    return this.#end(arrival, ending ?? undefined)
  }

  /** Breaks the barrier: every party that waits throws, and every one that comes, until `reset`. */
  abort(): void {
    this.checkOpen()
    this.#words.abort()
  }

  /** Makes it usable again. Every party that waits throws. */
  reset(): void {
    this.checkOpen()
    this.#words.reset()
  }

  inspect(): BarrierInspection {
    const { parties, waiting, broken } = this
    return { ...this.inspection, parties, waiting, broken }
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
      place: NO_PLACE,
      round: 0,
      isInside: false,
      attempt: (sleep) =>
        arrival.isInside ? this.#look(arrival, sleep) : this.#arrive(arrival, sleep),
      leave: () => {}, // a wake is for all
      what: this.description,
    }
    return arrival
  }

  #arrive(arrival: Arrival, sleep: Sleep): Ending | undefined {
    const words = this.#words
    for (;;) {
      const { state } = words
      if (state.isBroken) return 'broken'
      if (!state.isFilling) {
        words.tryNextRound(state.round)
      } else if (this.#takePlace(arrival, state.round)) {
        const now = words.state
        if (now.round === state.round && (now.isFilling || now.isDraining)) {
          const isLast = arrival.place === this.parties - 1
          return isLast && !words.hasDead ? 'full' : this.#look(arrival, sleep)
        }
        this.#leave(arrival) // too late
        continue
      } else if (words.hasDead) {
        words.breakRound(state.round)
      } // otherwise the last to arrive runs the action
      if (this.#sleepOn(state, sleep)) return undefined
    }
  }

  #takePlace(arrival: Arrival, round: number): boolean {
    const place = this.#words.takePlace(round)
    if (place === NO_PLACE) return false
    arrival.place = place
    arrival.round = round
    arrival.isInside = true
    return true
  }

  /**
   * How the round of an arrival goes on. STATE cannot name another round before this arrival has left.
   * If it does, a stray write has been there, and nothing that is done for the round changes anything.
   */
  #look(arrival: Arrival, sleep: Sleep): Ending | undefined {
    for (;;) {
      const { state } = this.#words
      if (state.round !== arrival.round) return 'broken'
      if (state.isDraining) return 'passed'
      if (!state.isFilling) return 'broken'
      if (this.#words.hasDead) this.#words.breakRound(arrival.round)
      else if (this.#sleepOn(state, sleep)) return undefined
    }
  }

  #sleepOn(state: State, sleep: Sleep): boolean {
    const bed = this.#words.announceSleep(state)
    if (bed !== null) sleep.on(bed.index, bed.expected)
    return bed !== null
  }

  /* ---- ending ---------------------------------------------------------------------------------- */

  #end(arrival: Arrival, ending: Ending | undefined): BarrierPass {
    const how = ending === 'full' ? this.#letPass(arrival) : (ending ?? this.#giveUp(arrival))
    this.#leave(arrival)
    if (how === 'passed') {
      const { place } = arrival
      return { index: place, last: place === this.parties - 1 }
    }
    if (this.closed) throw this.closedError()
    const why = ending === undefined ? 'the time is over' : 'the barrier is broken'
    throw new IpcError('ERR_IPC_BROKEN_BARRIER', `wait for ${this.description}: ${why}`)
  }

  /** Runs the action, then lets all pass; `broken` if the barrier was broken meanwhile. */
  #letPass(arrival: Arrival): Ending {
    if (!arrival.isInside || !this.#words.state.isFilling) return 'broken'
    try {
      const result: unknown = this.#action?.()
      if (isThenable(result)) throw wrongType('the result of an action', 'no promise', result)
    } catch (error) {
      this.#giveUp(arrival)
      throw error
    }
    return this.#words.letPass() ? 'passed' : 'broken'
  }

  /** Breaks the round for the others, too, unless it is too late and all have passed. */
  #giveUp(arrival: Arrival): Ending {
    if (!arrival.isInside) return 'broken'
    this.#words.breakRound(arrival.round)
    const ending = this.#words.state.isDraining ? 'passed' : 'broken'
    this.#leave(arrival)
    return ending
  }

  #leave(arrival: Arrival): void {
    if (!arrival.isInside) return
    arrival.isInside = false
    this.#words.leavePlace(arrival.place, arrival.round)
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

function layoutOfStored([parties]: readonly number[]): Layout {
  return layoutOf(parties)
}
