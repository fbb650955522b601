import { Act, actionOf, type Action } from './action.ts'
import { HAS_TIMER, IS_DONE, LATE, NEVER, Op, SOON, TICKETS } from '../code/operation.ts'
import { ASLEEP, READY, State } from './state.ts'
import { robustWord } from './robust.ts'
import { placeOf } from '../code/sleeps.ts'
import { choose } from './subsets.ts'

const NONE: readonly number[] = []

/** A state that knows which actions can happen next. */
export class Choices extends State {
  /**
   * Writes what can happen into `actions`, the steps first; returns how many. When no agent can take a step
   * of its own, it also checks whether that is as it should be.
   */
  enabled(actions: Action[]): number {
    let count = 0
    let others = this.#mayFail
    for (let agent = 0; agent < this.agents; agent++) {
      const status = this.statuses[agent]
      const node = this.nodes[agent]!
      if (status !== READY) {
        if (status === ASLEEP && (node.timed || this.#ends(agent) === SOON)) others = true
      } else if (node.kind === Op.AWAIT) {
        if (node.timed) others = true
        if (this.vector[node.index] === node.value) actions[count++] = agent
      } else if (node.hasOneOutcome) {
        actions[count++] = agent // the first outcome of its step
      } else {
        if (node.kind === Op.IDLE) others = true
        const outcomes = this.#outcomes(agent)
        for (let i = 0; i < outcomes; i++) actions[count++] = actionOf(agent, Act.STEP, i)
      }
    }
    const isAtRest = count === 0
    if (isAtRest) count = this.#addInevitable(actions)
    if (count === 0 && this.#isWrongAtRest()) return 0
    return others ? this.#addOthers(actions, count, isAtRest) : count
  }

  /** When the agent's sleep ends by itself, whatever the time is. */
  #ends(agent: number): number {
    const { kind, value } = this.nodes[agent]!
    return kind === Op.SLEEP_ON && this.statuses[agent] === ASLEEP ? value : NEVER
  }

  /** Adds the actions that happen when nobody can take a step and it is not the end yet. */
  #addInevitable(actions: Action[]): number {
    let count = 0
    for (let agent = 0; agent < this.agents; agent++) {
      if (this.#ends(agent) === SOON) actions[count++] = actionOf(agent, Act.TIME_OUT)
      if (this.isDoomed(agent)) count = this.#addDeaths(actions, count, agent)
    }
    if (count > 0) return count
    for (let agent = 0; agent < this.agents; agent++) {
      if (this.#ends(agent) === LATE) actions[count++] = actionOf(agent, Act.TIME_OUT)
    }
    return count
  }

  #addDeaths(actions: Action[], count: number, agent: number): number {
    const ways = this.countDeaths(agent)
    for (let i = 0; i < ways; i++) actions[count + i] = actionOf(agent, Act.CRASH, i)
    return count + ways
  }

  /** Whether an action that was recorded can happen now. */
  allows(action: Action): boolean {
    const actions: Action[] = []
    const count = this.enabled(actions)
    return actions.slice(0, count).includes(action)
  }

  get #mayFail(): boolean {
    const { crashes, spurious } = this.model.faults
    return crashes > 0 || spurious > 0
  }

  /** Adds faults and events from outside; `isAtRest` says that the inevitable actions are there already. */
  #addOthers(actions: Action[], count: number, isAtRest: boolean): number {
    const { crashes, spurious } = this.model.faults
    const mayCrash = this.deaths < crashes
    const maySpurious = this.spuriousWakes < spurious
    for (let agent = 0; agent < this.agents; agent++) {
      const status = this.statuses[agent]!
      const node = this.nodes[agent]!
      if (status === ASLEEP) {
        const endsSoon = !isAtRest && this.#ends(agent) === SOON
        if (node.timed || endsSoon) actions[count++] = actionOf(agent, Act.TIME_OUT)
        if (maySpurious) actions[count++] = actionOf(agent, Act.SPURIOUS)
      }
      if (status === READY && node.kind === Op.AWAIT && node.timed) {
        actions[count++] = actionOf(agent, Act.TIME_OUT)
      }
      if (status === READY && node.kind === Op.IDLE) {
        const { value, other } = node
        if ((value & HAS_TIMER) !== 0) actions[count++] = actionOf(agent, Act.TIME_OUT)
        for (let i = 0; 1 << i <= other; i++) {
          if ((other & (1 << i)) !== 0) actions[count++] = actionOf(agent, Act.ABORT, i)
        }
      }
      if (maySpurious && this.tickets.anyAsleep(agent) >= 0) {
        actions[count++] = actionOf(agent, Act.SPURIOUS)
      }
      if (this.isDoomed(agent)) {
        if (!isAtRest) count = this.#addDeaths(actions, count, agent)
      } else if (mayCrash && (status === READY || status === ASLEEP)) {
        count = this.#addDeaths(actions, count, agent)
      }
    }
    return count
  }

  #outcomes(agent: number): number {
    const node = this.nodes[agent]!
    if (node.kind === Op.NOW || node.kind === Op.CANCEL) return 2
    if (node.kind === Op.IDLE) return this.countEvents(agent)
    if (node.kind === Op.END) return 2 // endless: go on, or stop here
    if (node.kind === Op.EXIT) return node.value === 1 ? 1 : this.countDeaths(agent)
    if (node.value <= 0) return 1
    const sleepers = this.countSleepers(node.index)
    return node.value >= sleepers ? 1 : choose(sleepers, node.value)
  }

  /** Blocked: asleep, or woken on another word and not yet gone from this one's queue. */
  protected sleepsOn(agent: number, word: number): boolean {
    const node = this.nodes[agent]!
    if (node.kind === Op.PARK) return node.index === word && this.statuses[agent] === ASLEEP
    if (node.kind === Op.SLEEP_ON && this.statuses[agent] !== ASLEEP) return false
    return (node.kind === Op.SLEEP_ON || node.kind === Op.UNQUEUE) && placeOf(node, word) >= 0
  }

  /** How many ways there are to die: one for each sleeper that the kernel may wake. */
  protected countDeaths(agent: number): number {
    const word = robustWord(this.model.robust ?? NONE, this.vector, agent, this.nodes[agent]!)
    return word < 0 ? 1 : Math.max(1, this.countSleepers(word))
  }

  protected countSleepers(word: number): number {
    let count = 0
    for (let agent = 0; agent < this.agents; agent++) {
      if (this.sleepsOn(agent, word)) count++
      if (!this.hasLoops) continue
      for (let slot = 0; slot < TICKETS; slot++) {
        if (this.tickets.sleepsOn(agent, slot, word)) count++
      }
    }
    return count
  }

  #isWrongAtRest(): boolean {
    const { monitor } = this.model
    for (let agent = 0; agent < this.agents; agent++) {
      if (!this.isAsleep(agent)) continue
      const node = this.nodes[agent]!
      if (node.kind === Op.IDLE && (node.value & IS_DONE) !== 0) continue
      const ends = node.timed || (node.kind === Op.IDLE && node.value + node.other > 0)
      if (monitor.maySleep?.(this, agent) ?? ends) continue
      this.fail('sleeps, nobody will wake it, and nothing keeps it from going on', agent)
      return true
    }
    const wrong = monitor.atRest?.(this)
    if (wrong !== undefined) this.fail(wrong, null)
    return wrong !== undefined
  }
}
