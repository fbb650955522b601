import { Automata, type Node } from './automaton.ts'
import type { Model, View } from './model.ts'
import { ALL } from '@ipc/core'
import {
  CHANGED,
  DEATH,
  Event,
  FIRST_ID,
  HAS_TIMER,
  IS_DONE,
  MAY_START,
  Op,
  TICKETS,
  TIMED_OUT,
  WOKEN,
} from './operation.ts'
import { Words } from './words.ts'

/** What can happen next. */
export const Act = {
  /** The agent's next operation. */
  STEP: 0,
  /** Its time is over. */
  TIME_OUT: 1,
  /** Its sleep ends for no reason. */
  SPURIOUS: 2,
  CRASH: 3,
  /** What one of its calls waits for is aborted. */
  ABORT: 4,
} as const

/** Who, what, and which of several outcomes: agent + act × 16 + outcome × 128. */
export type Action = number

export const MAX_AGENTS = 15

export const agentOf = (action: Action): number => action & 15
export const actOf = (action: Action): number => (action >> 4) & 7
export const outcomeOf = (action: Action): number => action >> 7
export const actionOf = (agent: number, act: number, outcome = 0): Action =>
  agent | (act << 4) | (outcome << 7)

/** What an agent is. */
const READY = 0
const ASLEEP = 1
const FINISHED = 2
const DEAD = 4

/** What an asynchronous sleep is: its word × 8, and one of these, or RUNG + its result. */
const NO_TICKET = 0
const SLEEPS = 1
const RUNG = 2

const ticketWord = (ticket: number): number => ticket >> 3
const ticketState = (ticket: number): number => ticket & 7

/** At most so many sleepers of one word can be told apart. */
const MAX_SLEEPERS = 8

/** `node.parent` is where the agent was, `node.answer` what brought it here. */
export type Watch = (agent: number, node: Node) => void

export interface Violation {
  readonly verdict: string
  readonly agent: number | null
}

/**
 * All agents of a model, and the memory that they share. Its state is one vector of integers: the
 * words, the monitor's words, and for each agent its node, its segment and what it is.
 */
export class Machine implements View {
  readonly model: Model
  readonly agents: number
  readonly shared: Words
  readonly automata: Automata
  /** The state. */
  readonly vector: Int32Array
  violation: Violation | null = null
  /** What the last operation answered. */
  answer = 0
  /** Steps taken, over all explorations. */
  steps = 0

  readonly #nodes: Node[]
  readonly #roots: Node[][]
  readonly #initial: Int32Array
  readonly #initialViolation: Violation | null
  readonly #ghosts: number
  readonly #node: number
  readonly #segment: number
  readonly #status: number
  readonly #tickets: number
  readonly #deaths: number
  readonly #spurious: number
  readonly #watch: Watch | undefined

  /** `watch` is told of every node that an agent comes to. */
  constructor(model: Model, automata: Automata = new Automata(), watch?: Watch) {
    this.#watch = watch
    if (model.agents.length > MAX_AGENTS) throw new RangeError(`at most ${MAX_AGENTS} agents`)
    this.model = model
    this.agents = model.agents.length
    const { words } = model
    this.#ghosts = words
    this.#node = words + model.monitor.words
    this.#segment = this.#node + this.agents
    this.#status = this.#segment + this.agents
    this.#tickets = this.#status + this.agents
    this.#deaths = this.#tickets + this.agents * TICKETS
    this.#spurious = this.#deaths + 1
    this.vector = new Int32Array(this.#spurious + 1)
    this.shared = new Words(this.vector.subarray(0, words), (agent) => this.isDead(agent))
    this.automata = automata
    this.#nodes = automata.nodes
    this.#roots = model.agents.map((segments, agent) =>
      segments.map(({ code }) => automata.of(code, agent).root),
    )
    for (let agent = 0; agent < this.agents; agent++) this.#begin(agent, 0)
    this.#initial = this.vector.slice()
    this.#initialViolation = this.violation
  }

  reset(): void {
    this.vector.set(this.#initial)
    this.violation = this.#initialViolation
  }

  /* ---- what a monitor sees ----------------------------------------------------------------- */

  get(word: number): number {
    return this.vector[this.#ghosts + word]!
  }

  set(word: number, value: number): void {
    this.vector[this.#ghosts + word] = value
  }

  isDead(agent: number): boolean {
    return this.vector[this.#status + agent] === DEAD
  }

  isFinished(agent: number): boolean {
    return this.vector[this.#status + agent] === FINISHED
  }

  /** Blocked, or an event loop with nothing to do. */
  isAsleep(agent: number): boolean {
    const status = this.vector[this.#status + agent]
    return status === ASLEEP || (status === READY && this.#outcomes(agent) === 0)
  }

  isReady(agent: number): boolean {
    return this.vector[this.#status + agent] === READY && this.#outcomes(agent) > 0
  }

  nodeOf(agent: number): Node {
    return this.#nodes[this.vector[this.#node + agent]!]!
  }

  /** Which of its segments an agent is in. */
  segmentOf(agent: number): number {
    return this.vector[this.#segment + agent]!
  }

  /* ---- what can happen ------------------------------------------------------------------------- */

  /**
   * Writes what can happen into `actions`, the steps first; returns how many. When no agent can
   * take a step of its own, it also looks whether that is as it should be.
   */
  enabled(actions: Action[]): number {
    let count = 0
    for (let agent = 0; agent < this.agents; agent++) {
      if (this.vector[this.#status + agent] !== READY) continue
      const outcomes = this.#outcomes(agent)
      for (let i = 0; i < outcomes; i++) actions[count++] = actionOf(agent, Act.STEP, i)
    }
    if (count === 0 && this.#isWrongAtRest()) return 0
    const { crashes, spurious } = this.model.faults
    const mayCrash = this.vector[this.#deaths]! < crashes
    const maySpurious = this.vector[this.#spurious]! < spurious
    for (let agent = 0; agent < this.agents; agent++) {
      const status = this.vector[this.#status + agent]!
      if (status === ASLEEP) {
        if (this.nodeOf(agent).timed) actions[count++] = actionOf(agent, Act.TIME_OUT)
        if (maySpurious) actions[count++] = actionOf(agent, Act.SPURIOUS)
      }
      if (status === READY && this.nodeOf(agent).kind === Op.IDLE) {
        const { value, other } = this.nodeOf(agent)
        if ((value & HAS_TIMER) !== 0) actions[count++] = actionOf(agent, Act.TIME_OUT)
        for (let i = 0; 1 << i <= other; i++) {
          if ((other & (1 << i)) !== 0) actions[count++] = actionOf(agent, Act.ABORT, i)
        }
      }
      if (maySpurious && this.#sleepingTicket(agent) >= 0) {
        actions[count++] = actionOf(agent, Act.SPURIOUS)
      }
      if (mayCrash && (status === READY || status === ASLEEP)) {
        actions[count++] = actionOf(agent, Act.CRASH)
      }
    }
    return count
  }

  /** Whether an action that was recorded can happen now. */
  allows(action: Action): boolean {
    const actions: Action[] = []
    const count = this.enabled(actions)
    return actions.slice(0, count).includes(action)
  }

  #outcomes(agent: number): number {
    const node = this.nodeOf(agent)
    if (node.kind === Op.NOW || node.kind === Op.CANCEL) return 2
    if (node.kind === Op.IDLE) return this.#countRung(agent) + (node.value & MAY_START)
    if (node.kind === Op.END) return 2 // endless: go on, or stop here
    if (node.kind !== Op.UNPARK || node.value <= 0) return 1
    const sleepers = this.#sleepers(node.index).length
    return node.value >= sleepers ? 1 : choose(sleepers, node.value)
  }

  /** Those who block, by agent; then asynchronous sleeps, by agent and ticket. */
  #sleepers(word: number): number[] {
    const sleepers: number[] = []
    for (let agent = 0; agent < this.agents; agent++) {
      if (this.vector[this.#status + agent] === ASLEEP && this.nodeOf(agent).index === word) {
        sleepers.push(agent)
      }
      for (let slot = 0; slot < TICKETS; slot++) {
        const ticket = this.#ticket(agent, slot)
        if (ticketState(ticket) === SLEEPS && ticketWord(ticket) === word) {
          sleepers.push(agent + 16 * (slot + 1))
        }
      }
    }
    return sleepers
  }

  #ticket(agent: number, slot: number): number {
    return this.vector[this.#tickets + agent * TICKETS + slot]!
  }

  #setTicket(agent: number, slot: number, state: number, word: number): void {
    this.vector[this.#tickets + agent * TICKETS + slot] = state === NO_TICKET ? 0 : word * 8 + state
  }

  #ring(agent: number, slot: number, result: number): void {
    this.#setTicket(agent, slot, RUNG + result, ticketWord(this.#ticket(agent, slot)))
  }

  #countRung(agent: number): number {
    let count = 0
    for (let slot = 0; slot < TICKETS; slot++) {
      if (ticketState(this.#ticket(agent, slot)) >= RUNG) count++
    }
    return count
  }

  /** -1 if it has none. */
  #sleepingTicket(agent: number): number {
    for (let slot = 0; slot < TICKETS; slot++) {
      if (ticketState(this.#ticket(agent, slot)) === SLEEPS) return slot
    }
    return -1
  }

  #isWrongAtRest(): boolean {
    const { monitor } = this.model
    for (let agent = 0; agent < this.agents; agent++) {
      if (!this.isAsleep(agent)) continue
      const node = this.nodeOf(agent)
      if (node.kind === Op.IDLE && (node.value & IS_DONE) !== 0) continue
      const ends = node.timed || (node.kind === Op.IDLE && node.value + node.other > 0)
      if (monitor.maySleep?.(this, agent) ?? ends) continue
      this.#fail('sleeps, nobody will wake it, and nothing keeps it from going on', agent)
      return true
    }
    const wrong = monitor.atRest?.(this)
    if (wrong !== undefined) this.#fail(wrong, null)
    return wrong !== undefined
  }

  /* ---- making it happen ------------------------------------------------------------------------ */

  do(action: Action): void {
    this.steps++
    const agent = agentOf(action)
    switch (actOf(action)) {
      case Act.STEP:
        this.#step(agent, outcomeOf(action))
        break
      case Act.TIME_OUT:
        if (this.nodeOf(agent).kind === Op.IDLE) this.#happen(agent, Event.TIMER, 0, 0)
        else this.#wake(agent, TIMED_OUT)
        break
      case Act.ABORT:
        this.#happen(agent, Event.ABORT, outcomeOf(action), 0)
        break
      case Act.SPURIOUS:
        this.vector[this.#spurious]!++
        if (this.vector[this.#status + agent] === ASLEEP) this.#wake(agent, CHANGED)
        else this.#ring(agent, this.#sleepingTicket(agent), CHANGED)
        break
      default:
        this.#crash(agent)
    }
  }

  #step(agent: number, outcome: number): void {
    const node = this.nodeOf(agent)
    if (node.kind === Op.END) {
      this.answer = outcome
      if (outcome === 0) this.#begin(agent, this.segmentOf(agent) + 1)
      else this.#finish(agent)
      return
    }
    if (node.kind === Op.IDLE) {
      this.#nextEvent(agent, outcome)
      return
    }
    const marks = node.before
    for (let i = 0; i < marks.length; i++) this.#tell(agent, marks[i]!.code, marks[i]!.value)
    const answer = this.#operate(agent, node, outcome)
    this.answer = answer
    if (this.vector[this.#status + agent] === READY) this.#goTo(agent, node.on(answer))
  }

  /** The end of one of the sleeps, or else the start of the next call. */
  #nextEvent(agent: number, outcome: number): void {
    for (let slot = 0; slot < TICKETS; slot++) {
      const state = ticketState(this.#ticket(agent, slot))
      if (state < RUNG || outcome-- > 0) continue
      this.#setTicket(agent, slot, NO_TICKET, 0)
      this.#happen(agent, Event.TICKET, slot, state - RUNG)
      return
    }
    this.#happen(agent, Event.START, 0, 0)
  }

  #happen(agent: number, event: number, n: number, result: number): void {
    this.answer = event * 64 + n * 8 + result
    this.#goTo(agent, this.nodeOf(agent).on(this.answer))
  }

  #parkAsync(agent: number, word: number, expected: number, watch: number): number {
    let slot = 0
    while (slot < TICKETS && this.#ticket(agent, slot) !== NO_TICKET) slot++
    const state =
      this.vector[this.#deaths] !== watch
        ? RUNG + DEATH
        : this.vector[word] !== expected
          ? RUNG + CHANGED
          : SLEEPS
    this.#setTicket(agent, slot, state, word)
    return slot
  }

  #operate(agent: number, node: Node, outcome: number): number {
    const { vector } = this
    const { index, value, other } = node
    if (node.kind <= Op.OR && (index < 0 || index >= this.#ghosts)) {
      this.#fail(`uses word ${index} of ${this.#ghosts}`, agent)
      return 0
    }
    const old = vector[index]!
    switch (node.kind as number) {
      case Op.LOAD:
        return old
      case Op.STORE:
        vector[index] = value
        return 0
      case Op.COMPARE_EXCHANGE:
        if (old === value) vector[index] = other
        return old
      case Op.EXCHANGE:
        vector[index] = value
        return old
      case Op.ADD:
        vector[index] = old + value
        return old
      case Op.SUB:
        vector[index] = old - value
        return old
      case Op.AND:
        vector[index] = old & value
        return old
      case Op.OR:
        vector[index] = old | value
        return old
      case Op.IS_DEAD: {
        const whom = index - FIRST_ID
        return whom >= 0 && whom < this.agents && this.isDead(whom) ? 1 : 0
      }
      case Op.ARM:
        this.model.monitor.armed?.(this, agent)
        return vector[this.#deaths]!
      case Op.PARK:
        if (vector[this.#deaths] !== other) return DEATH
        if (old !== value) return CHANGED
        vector[this.#status + agent] = ASLEEP
        return WOKEN
      case Op.UNPARK:
        return this.#unpark(index, value, outcome)
      case Op.NOW:
        return outcome
      case Op.PARK_ASYNC:
        return this.#parkAsync(agent, index, value, other)
      case Op.CANCEL:
        // Where a sleep cannot be cancelled, it calls back some time.
        if (outcome === 0) this.#setTicket(agent, index, NO_TICKET, 0)
        else if (ticketState(this.#ticket(agent, index)) === SLEEPS)
          this.#ring(agent, index, CHANGED)
        return 1 - outcome
      default:
        throw new Error(`no operation: ${node.kind}`)
    }
  }

  /** Of several sleepers any may be the ones that wake: `outcome` says which. */
  #unpark(word: number, count: number, outcome: number): number {
    if (count <= 0) return 0
    const sleepers = this.#sleepers(word)
    if (count === ALL || count >= sleepers.length) {
      for (const sleeper of sleepers) this.#wakeSleeper(sleeper)
      return sleepers.length
    }
    const subset = nthSubset(sleepers.length, count, outcome)
    for (let i = 0; i < sleepers.length; i++) {
      if ((subset & (1 << i)) !== 0) this.#wakeSleeper(sleepers[i]!)
    }
    return count
  }

  #wakeSleeper(sleeper: number): void {
    if (sleeper < 16) this.#wake(sleeper, WOKEN)
    else this.#ring(sleeper & 15, (sleeper >> 4) - 1, WOKEN)
  }

  #wake(agent: number, result: number): void {
    const node = this.nodeOf(agent)
    this.vector[this.#status + agent] = READY
    this.answer = result
    this.#goTo(agent, node.on(result))
  }

  /** Whoever sleeps is told: each of them watches everybody. */
  #crash(agent: number): void {
    this.vector[this.#status + agent] = DEAD
    this.vector[this.#deaths]!++
    // It is nowhere any more: which instruction it died at makes no other difference.
    this.vector[this.#node + agent] = 0
    this.vector[this.#segment + agent] = 0
    for (let slot = 0; slot < TICKETS; slot++) this.#setTicket(agent, slot, NO_TICKET, 0)
    for (let other = 0; other < this.agents; other++) {
      for (let slot = 0; slot < TICKETS; slot++) {
        if (ticketState(this.#ticket(other, slot)) === SLEEPS) this.#ring(other, slot, DEATH)
      }
      if (this.vector[this.#status + other] === ASLEEP) this.#wake(other, DEATH)
    }
    if (this.#cannotCrash()) {
      for (let other = 0; other < this.agents; other++) this.#settle(other)
    }
  }

  #cannotCrash(): boolean {
    return this.vector[this.#deaths]! >= this.model.faults.crashes
  }

  #goTo(agent: number, node: Node): void {
    this.vector[this.#node + agent] = node.id
    this.#watch?.(agent, node)
    const marks = node.after
    for (let i = 0; i < marks.length; i++) this.#tell(agent, marks[i]!.code, marks[i]!.value)
    if (node.kind === Op.IDLE || node.kind === Op.END) {
      for (const { code, value } of node.before) this.#tell(agent, code, value)
    }
    if (node.kind === Op.FAILED) {
      this.#fail(`throws ${String(node.error)}`, agent)
    } else if (node.kind === Op.END) {
      if (!this.model.endless) this.#begin(agent, this.segmentOf(agent) + 1)
    } else {
      this.#settle(agent)
    }
  }

  #begin(agent: number, segment: number): void {
    const roots = this.#roots[agent]!
    if (this.model.endless && segment === roots.length) segment = 0
    this.vector[this.#segment + agent] = segment
    if (segment < roots.length) this.#goTo(agent, roots[segment]!)
    else this.#finish(agent)
  }

  #finish(agent: number): void {
    this.vector[this.#status + agent] = FINISHED
    this.vector[this.#node + agent] = 0
    this.vector[this.#segment + agent] = 0
  }

  /**
   * Does at once what cannot be told apart from doing it later: to look who is dead, when nobody
   * will die any more.
   */
  #settle(agent: number): void {
    for (;;) {
      if (this.vector[this.#status + agent] !== READY || !this.#cannotCrash()) return
      const node = this.nodeOf(agent)
      if (node.kind !== Op.ARM && node.kind !== Op.IS_DEAD) return
      if (node.before.length > 0) return
      const next = node.on(this.#operate(agent, node, 0))
      if (next.after.length > 0 || next.kind >= Op.IDLE) return this.#goTo(agent, next)
      this.vector[this.#node + agent] = next.id
      this.#watch?.(agent, next)
    }
  }

  #tell(agent: number, code: number, value: number): void {
    const wrong = this.model.monitor.tell?.(this, agent, code, value)
    if (wrong !== undefined) this.#fail(wrong, agent)
  }

  #fail(verdict: string, agent: number | null): void {
    this.violation ??= { verdict, agent }
  }
}

/** How many subsets of `count` elements a set of `of` has. */
function choose(of: number, count: number): number {
  if (of > MAX_SLEEPERS) throw new RangeError(`at most ${MAX_SLEEPERS} sleepers of one word`)
  let result = 1
  for (let i = 0; i < count; i++) result = (result * (of - i)) / (i + 1)
  return result
}

const subsets = new Map<number, number[]>()

/** The nth subset, as bits. */
function nthSubset(of: number, count: number, n: number): number {
  const key = of * 16 + count
  let all = subsets.get(key)
  if (all === undefined) {
    all = []
    for (let bits = 0; bits < 1 << of; bits++) if (bitCount(bits) === count) all.push(bits)
    subsets.set(key, all)
  }
  return all[n]!
}

function bitCount(bits: number): number {
  let count = 0
  for (; bits !== 0; bits &= bits - 1) count++
  return count
}
