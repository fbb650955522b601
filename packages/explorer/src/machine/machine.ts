import { Act, actOf, agentOf, outcomeOf, type Action } from './action.ts'
import { prepare } from '../code/agent.ts'
import { Automata } from '../code/automaton.ts'
import { Choices } from './choices.ts'
import type { Model, Violation } from '../model.ts'
import type { Node } from '../code/node.ts'
import { operate } from './operate.ts'
import {
  ALL,
  CHANGED,
  DEATH,
  Event,
  FIRST_ID,
  REFUSED,
  Op,
  RUNS,
  SLEEP_CHANGED,
  SLEPT_OUT,
  TICKETS,
  TIMED_OUT,
  UNWATCHED,
  usesWord,
  WOKEN,
} from '../code/operation.ts'
import { markDead, robustWord } from './robust.ts'
import type { Mark } from '../code/simulated-memory.ts'
import { placeOf, sleepsOf } from '../code/sleeps.ts'
import { ASLEEP, DEAD, FINISHED, READY } from './state.ts'
import { nthSubset } from './subsets.ts'

/** `node.parent` is where the agent was, and `node.answer` is the answer that brought it here. */
export type Watch = (agent: number, node: Node) => void

/** Makes things happen, one at a time. */
export class Machine extends Choices {
  /** The answer of the last operation. */
  answer = 0
  /** Steps taken, over all explorations. */
  steps = 0

  readonly #initial: Int32Array
  readonly #initialViolation: Violation | null
  readonly #watch: Watch | undefined

  /** The machine calls `watch` for every node that an agent comes to. */
  constructor(model: Model, automata: Automata = new Automata(), watch?: Watch) {
    for (const { code } of model.agents.flat()) prepare(code)
    super(model, automata)
    this.#watch = watch
    if (model.initial !== undefined) this.vector.set(model.initial)
    for (let agent = 0; agent < this.agents; agent++) this.#begin(agent, 0)
    this.#initial = this.vector.slice()
    this.#initialViolation = this.violation
  }

  reset(): void {
    this.restore(this.#initial)
    this.violation = this.#initialViolation
  }

  do(action: Action): void {
    this.steps++
    const agent = agentOf(action)
    switch (actOf(action)) {
      case Act.STEP:
        this.#step(agent, outcomeOf(action))
        break
      case Act.TIME_OUT:
        if (this.nodes[agent]!.kind === Op.IDLE) this.#happen(agent, Event.TIMER, 0, 0)
        else this.#wake(agent, this.#isOnMany(agent) ? SLEPT_OUT : TIMED_OUT)
        break
      case Act.ABORT:
        this.#happen(agent, Event.ABORT, outcomeOf(action), 0)
        break
      case Act.SPURIOUS:
        this.countSpuriousWake()
        if (this.statuses[agent] !== ASLEEP) {
          this.tickets.ring(agent, this.tickets.anyAsleep(agent), CHANGED)
        } else this.#wake(agent, this.#isOnMany(agent) ? SLEEP_CHANGED : CHANGED)
        break
      default:
        this.#crash(agent, outcomeOf(action))
    }
  }

  #isOnMany(agent: number): boolean {
    return this.nodes[agent]!.kind === Op.SLEEP_ON
  }

  #step(agent: number, outcome: number): void {
    const node = this.nodes[agent]!
    if (node.kind === Op.END) {
      this.answer = outcome
      if (outcome === 0) this.#begin(agent, this.segments[agent]! + 1)
      else this.#finish(agent)
      return
    }
    if (node.kind === Op.IDLE) return this.#nextEvent(agent, outcome)
    this.#tellAll(agent, node.before)
    const answer = this.#operate(agent, node, outcome)
    this.answer = answer
    if (this.statuses[agent] === READY) this.#goTo(agent, node.on(answer))
  }

  /* ---- operations -------------------------------------------------------------------------- */

  #operate(agent: number, node: Node, outcome: number): number {
    const { kind, index, value, other } = node
    if (usesWord(kind) && (index < 0 || index >= this.model.words)) {
      this.fail(`uses word ${index} of ${this.model.words}`, agent)
      return 0
    }
    if (kind <= Op.XOR) return operate(this.vector, node)
    switch (kind as number) {
      case Op.IS_DEAD: {
        const whom = index - FIRST_ID
        return whom >= 0 && whom < this.agents && this.isDead(whom) ? 1 : 0
      }
      case Op.ARM:
        this.model.monitor.armed?.(this, agent)
        return this.deaths
      case Op.PARK:
        if (other !== UNWATCHED && this.deaths !== other) return DEATH
        if (this.vector[index] !== value) return CHANGED
        this.put(agent, node, this.segments[agent]!, ASLEEP)
        return WOKEN
      case Op.SLEEP_ON:
        return this.#sleepOn(agent, node)
      case Op.UNQUEUE:
        return RUNS
      case Op.EXIT:
        this.#finish(agent)
        if (value === 0) this.#exit(agent, node, outcome)
        return 0
      case Op.UNPARK:
        return this.#unpark(index, value, outcome)
      case Op.NOW:
        return outcome
      case Op.AWAIT:
        this.vector[index] = other
        return 0
      case Op.PARK_ASYNC:
        return this.#parkAsync(agent, node)
      case Op.CANCEL:
        // A sleep that cannot be cancelled calls back at some time.
        if (outcome === 0) this.tickets.remove(agent, index)
        else if (this.tickets.isAsleep(agent, index)) this.tickets.ring(agent, index, CHANGED)
        return 1 - outcome
      default:
        throw new Error(`no operation: ${kind}`)
    }
  }

  #sleepOn(agent: number, node: Node): number {
    for (const { word, expected } of sleepsOf(node)) {
      if (word < 0 || word >= this.model.words) {
        this.fail(`sleeps on word ${word} of ${this.model.words}`, agent)
      } else if (this.vector[word] !== expected) return SLEEP_CHANGED
    }
    this.put(agent, node, this.segments[agent]!, ASLEEP)
    return 0
  }

  #parkAsync(agent: number, { index, value, other }: Node): number {
    if (other === UNWATCHED && this.vector[index] !== value) return REFUSED
    const slot = this.tickets.park(agent, index)
    if (other === UNWATCHED) return slot
    if (this.deaths !== other) this.tickets.ring(agent, slot, DEATH)
    else if (this.vector[index] !== value) this.tickets.ring(agent, slot, CHANGED)
    return slot
  }

  /** Any of several sleepers may be those that wake: `outcome` says which. */
  #unpark(word: number, count: number, outcome: number): number {
    if (count <= 0) return 0
    const sleepers = this.countSleepers(word)
    if (sleepers === 0) return 0
    const isEach = count === ALL || count >= sleepers
    const chosen = isEach ? -1 : nthSubset(sleepers, count, outcome)
    let i = 0
    for (let agent = 0; agent < this.agents; agent++) {
      if (this.sleepsOn(agent, word) && (chosen & (1 << i++)) !== 0) this.#wakeOn(agent, word)
    }
    for (let agent = 0; this.hasLoops && agent < this.agents; agent++) {
      for (let slot = 0; slot < TICKETS; slot++) {
        if (!this.tickets.sleepsOn(agent, slot, word)) continue
        if ((chosen & (1 << i++)) !== 0) this.tickets.ring(agent, slot, WOKEN)
      }
    }
    return isEach ? sleepers : count
  }

  #wakeOn(agent: number, word: number): void {
    const node = this.nodes[agent]!
    this.#wake(agent, node.kind === Op.PARK ? WOKEN : placeOf(node, word))
  }

  #wake(agent: number, result: number): void {
    const node = this.nodes[agent]!
    this.put(agent, node, this.segments[agent]!, READY)
    this.answer = result
    this.#goTo(agent, node.on(result))
  }

  /* ---- events of a loop ----------------------------------------------------------------------- */

  /** The end of one of the sleeps, or else the start of the next call. */
  #nextEvent(agent: number, outcome: number): void {
    const slot = this.tickets.nthRung(agent, outcome)
    if (slot < 0) return this.#happen(agent, Event.START, 0, 0)
    const result = this.tickets.resultOf(agent, slot)
    this.tickets.remove(agent, slot)
    this.#happen(agent, Event.TICKET, slot, result)
  }

  #happen(agent: number, event: number, n: number, result: number): void {
    this.answer = event * 64 + n * 8 + result
    this.#goTo(agent, this.nodes[agent]!.on(this.answer))
  }

  /* ---- deaths ----------------------------------------------------------------------------------- */

  #crash(agent: number, outcome: number): void {
    if (!this.isDoomed(agent)) this.countDeath()
    const node = this.nodes[agent]!
    // The agent is nowhere any more: the instruction at which it died makes no other difference.
    this.put(agent, this.automata.nowhere, 0, DEAD)
    this.tickets.removeAll(agent)
    if (this.model.robust === undefined) this.#tellOfDeath()
    else this.#exit(agent, node, outcome)
    if (this.#cannotCrash) {
      for (let other = 0; other < this.agents; other++) this.#settle(other)
    }
  }

  /** Tells every sleeper of the death: each of them watches everybody. */
  #tellOfDeath(): void {
    for (let other = 0; other < this.agents; other++) {
      for (let slot = 0; slot < TICKETS; slot++) {
        if (this.tickets.isAsleep(other, slot)) this.tickets.ring(other, slot, DEATH)
      }
      if (this.statuses[other] === ASLEEP) this.#wake(other, DEATH)
    }
  }

  /** The kernel marks the robust futex that it owned, and wakes one of the agents that sleep on it. */
  #exit(agent: number, node: Node, outcome: number): void {
    const { robust = [] } = this.model
    const word = robustWord(robust, this.vector, agent, node)
    markDead(robust, this.vector, agent)
    if (word >= 0) this.#unpark(word, 1, outcome)
  }

  get #cannotCrash(): boolean {
    return this.deaths >= this.model.faults.crashes
  }

  /* ---- from node to node -------------------------------------------------------------------------- */

  #goTo(agent: number, node: Node): void {
    this.put(agent, node, this.segments[agent]!, READY)
    this.#watch?.(agent, node)
    this.#tellAll(agent, node.after)
    switch (node.kind as number) {
      case Op.FAILED:
        return this.fail(`throws ${String(node.error)}`, agent)
      case Op.END:
        this.#tellAll(agent, node.before)
        if (this.model.endless !== true) this.#begin(agent, this.segments[agent]! + 1)
        return
      case Op.IDLE:
        this.#tellAll(agent, node.before)
        return
      case Op.ARM:
      case Op.IS_DEAD:
        return this.#settle(agent)
      case Op.AGAIN:
        return this.#begin(agent, this.segments[agent]!)
      default:
        return this.#goOn(agent, node)
    }
  }

  /** Does an operation at once if it commutes with everything that others can do next. */
  #goOn(agent: number, node: Node): void {
    const { commutes } = this.model
    if (commutes === undefined || node.kind > Op.XOR) return
    if (!commutes(node, this.vector[node.index]!)) return
    this.#tellAll(agent, node.before)
    this.#goTo(agent, node.on(this.#operate(agent, node, 0)))
  }

  #begin(agent: number, segment: number): void {
    const roots = this.roots[agent]!
    const next = this.model.endless === true && segment === roots.length ? 0 : segment
    const root = roots[next]
    if (root === undefined) return this.#finish(agent)
    this.segments[agent] = next
    this.#goTo(agent, root)
  }

  #finish(agent: number): void {
    this.put(agent, this.automata.nowhere, 0, FINISHED)
  }

  /**
   * Lets an agent check at once who is dead, when nobody will die any more and it could as well check later.
   */
  #settle(agent: number): void {
    if (this.statuses[agent] !== READY || !this.#cannotCrash) return
    const node = this.nodes[agent]!
    if (node.kind !== Op.ARM && node.kind !== Op.IS_DEAD) return
    if (node.before.length > 0) return
    this.#goTo(agent, node.on(this.#operate(agent, node, 0)))
  }

  #tellAll(agent: number, marks: readonly Mark[]): void {
    for (let i = 0; i < marks.length; i++) {
      const { code, value } = marks[i]!
      const wrong = this.model.monitor.tell?.(this, agent, code, value)
      if (wrong !== undefined) this.fail(wrong, agent)
    }
  }
}
