import { isLoop } from '../code/agent.ts'
import type { Automata } from '../code/automaton.ts'
import type { Model, View, Violation } from '../model.ts'
import type { Node } from '../code/node.ts'
import { MAY_START, Op } from '../code/operation.ts'
import { Tickets } from './tickets.ts'
import { ReadOnlyMemory } from './read-only-memory.ts'
import { MAX_AGENTS } from './action.ts'

/** The status of an agent. */
export const READY = 0
export const ASLEEP = 1
export const FINISHED = 2
export const DEAD = 3

/** An agent's word in the vector has its node above its segment above its status. */
const STATUS_BITS = 2
const SEGMENT_BITS = 6
const NODE_SHIFT = STATUS_BITS + SEGMENT_BITS

const MAX_SEGMENTS = 1 << SEGMENT_BITS

/** The word of faults that have happened has the deaths, and above them the spurious wakes. */
const SPURIOUS_SHIFT = 8
const DEATHS = (1 << SPURIOUS_SHIFT) - 1

/**
 * All agents of a model, and the memory that they share. It is one vector of integers: the words, the
 * monitor's words, one word for each agent, the asynchronous sleeps, and the faults so far.
 */
export class State implements View {
  readonly model: Model
  readonly agents: number
  readonly shared: ReadOnlyMemory
  readonly automata: Automata
  readonly vector: Int32Array
  violation: Violation | null = null

  protected readonly roots: readonly (readonly Node[])[]
  protected readonly nodes: Node[] = []
  protected readonly statuses: number[] = []
  protected readonly segments: number[] = []
  protected readonly tickets: Tickets
  protected readonly hasLoops: boolean
  readonly #agentWords: number
  readonly #faults: number

  constructor(model: Model, automata: Automata) {
    const { words, agents } = model
    if (agents.length > MAX_AGENTS) throw new RangeError(`at most ${MAX_AGENTS} agents`)
    if (agents.some(({ length }) => length >= MAX_SEGMENTS)) {
      throw new RangeError(`at most ${MAX_SEGMENTS - 1} segments of one agent`)
    }
    this.model = model
    this.automata = automata
    this.agents = agents.length
    this.hasLoops = agents.flat().some(({ code }) => isLoop(code))
    this.#agentWords = words + model.monitor.words
    const tickets = this.#agentWords + this.agents
    this.#faults = tickets + Tickets.words(this.agents, this.hasLoops)
    this.vector = new Int32Array(this.#faults + 1)
    this.tickets = new Tickets(this.vector.subarray(tickets, this.#faults))
    this.shared = new ReadOnlyMemory(this.vector.subarray(0, words), (agent) => this.isDead(agent))
    this.roots = agents.map((segments, agent) =>
      segments.map(({ code }) => automata.of(code, agent).root),
    )
  }

  /** Restores an earlier state. */
  restore(vector: Int32Array): void {
    this.vector.set(vector)
    for (let agent = 0; agent < this.agents; agent++) {
      const word = vector[this.#agentWords + agent]!
      this.nodes[agent] = this.automata.nodes[word >>> NODE_SHIFT]!
      this.segments[agent] = (word >>> STATUS_BITS) & (MAX_SEGMENTS - 1)
      this.statuses[agent] = word & ((1 << STATUS_BITS) - 1)
    }
  }

  /* ---- what a monitor sees ----------------------------------------------------------------- */

  get(word: number): number {
    return this.vector[this.model.words + word]!
  }

  set(word: number, value: number): void {
    this.vector[this.model.words + word] = value
  }

  isDead(agent: number): boolean {
    return this.statuses[agent] === DEAD
  }

  isFinished(agent: number): boolean {
    return this.statuses[agent] === FINISHED
  }

  /** Whether the agent is blocked, or is an event loop with nothing to do. */
  isAsleep(agent: number): boolean {
    const status = this.statuses[agent]
    return status === ASLEEP || (status === READY && !this.#hasEvent(agent))
  }

  /** Whether the agent's process is being killed: other threads of it are dead already. */
  protected isDoomed(agent: number): boolean {
    const { processes } = this.model
    if (processes === undefined || this.deaths === 0 || this.isDead(agent)) return false
    return processes.some((one, mate) => one === processes[agent] && this.isDead(mate))
  }

  isReady(agent: number): boolean {
    return this.statuses[agent] === READY && this.#hasEvent(agent)
  }

  nodeOf(agent: number): Node {
    return this.nodes[agent]!
  }

  /** Answers which of its segments an agent is in. */
  segmentOf(agent: number): number {
    return this.segments[agent]!
  }

  /** An event loop waits when none of its sleeps has ended and no call can begin. */
  #hasEvent(agent: number): boolean {
    const node = this.nodes[agent]!
    if (node.kind === Op.AWAIT) return this.vector[node.index] === node.value
    return node.kind !== Op.IDLE || this.countEvents(agent) > 0
  }

  protected countEvents(agent: number): number {
    return this.tickets.countRung(agent) + (this.nodes[agent]!.value & MAY_START)
  }

  /* ---- changes ------------------------------------------------------------------------------ */

  protected get deaths(): number {
    return this.vector[this.#faults]! & DEATHS
  }

  protected get spuriousWakes(): number {
    return this.vector[this.#faults]! >> SPURIOUS_SHIFT
  }

  protected countDeath(): void {
    this.vector[this.#faults]!++
  }

  protected countSpuriousWake(): void {
    this.vector[this.#faults]! += 1 << SPURIOUS_SHIFT
  }

  protected put(agent: number, node: Node, segment: number, status: number): void {
    this.nodes[agent] = node
    this.segments[agent] = segment
    this.statuses[agent] = status
    this.vector[this.#agentWords + agent] =
      (node.id << NODE_SHIFT) | (segment << STATUS_BITS) | status
  }

  protected fail(verdict: string, agent: number | null): void {
    this.violation ??= { verdict, agent }
  }
}
