import { Op, type Operation } from './operation.ts'
import { isLoop } from './event-loop.ts'
import type { Merger } from './merger.ts'
import { named, type CallNote } from './named.ts'
import { Diverged, SimulatedMemory, type Mark, type Oracle } from './simulated-memory.ts'

const NO_MARKS: readonly Mark[] = []
const NO_CALLS: readonly CallNote[] = []

/** What an agent's code sees of the explorer. */
export class Agent {
  /** From 0. */
  readonly number: number
  readonly memory: SimulatedMemory
  readonly #isWatched: boolean

  constructor(number: number, memory: SimulatedMemory, isWatched: boolean) {
    this.number = number
    this.memory = memory
    this.#isWatched = isWatched
  }

  /** An object of the code under test; its calls stand in timelines. */
  named<T extends object>(object: T): T {
    const { memory } = this
    if (!this.#isWatched) return object
    return named(object, (note) => {
      if (memory.stoppedAt === null) memory.calls.push(note)
    })
  }

  /** Tells the monitor that something was done, by the operation that came last. */
  did(code: number, value = 0): void {
    const { memory } = this
    if (memory.stoppedAt !== null) return
    // What began since the last operation is over already.
    memory.after.push(...memory.before.splice(0), { code, value })
  }

  /**
   * Tells the monitor that something begins, with the operation that comes next: not earlier, or
   * what other agents do in between would seem to be concurrent with it.
   */
  begins(code: number, value = 0): void {
    if (this.memory.stoppedAt === null) this.memory.before.push({ code, value })
  }

  /** Its next sleeps end at once: as if it had been woken so often, and found nothing. */
  loses(times: number): void {
    this.memory.staleWakes = times
  }

  /** Calls what may time out; elsewhere time stands still. */
  timed<T>(call: () => T): T {
    this.memory.timed = true
    try {
      return call()
    } finally {
      if (this.memory.stoppedAt === null) this.memory.timed = false
    }
  }
}

/** A piece of an agent's code that shares nothing with the other pieces but the memory. */
export type Code = (agent: Agent) => void

/** An agent between two operations: where its code is, as a function of the answers so far. */
export class Node implements Operation {
  readonly id: number
  readonly automaton: Automaton
  readonly parent: Node | null
  /** To the parent's operation; led here. */
  readonly answer: number
  readonly kind: Operation['kind']
  readonly index: number
  readonly value: number
  readonly other: number
  /** Whether the time may be over here. */
  readonly timed: boolean
  readonly after: readonly Mark[]
  readonly before: readonly Mark[]
  /** Of the code, since the parent's operation. */
  readonly calls: readonly CallNote[]
  /** Of FAILED. */
  readonly error: unknown
  // The first child without a Map: most nodes have one or two.
  firstAnswer = 0
  firstChild: Node | null = null
  readonly children: Map<number, Node> = new Map()

  constructor(
    id: number,
    automaton: Automaton,
    parent: Node | null,
    answer: number,
    operation: Operation,
    memory: SimulatedMemory,
    error: unknown,
  ) {
    this.id = id
    this.automaton = automaton
    this.parent = parent
    this.answer = answer
    this.kind = operation.kind
    this.index = operation.index
    this.value = operation.value
    this.other = operation.other
    this.timed = memory.timed
    this.after = memory.after.length === 0 ? NO_MARKS : memory.after
    this.before = memory.before.length === 0 ? NO_MARKS : memory.before
    this.calls = memory.calls.length === 0 ? NO_CALLS : memory.calls
    this.error = error
  }

  /** Where the code goes when its operation is answered. */
  on(answer: number): Node {
    if (this.firstChild !== null && this.firstAnswer === answer) return this.firstChild
    return this.children.get(answer) ?? this.automaton.grow(this, answer)
  }
}

/**
 * A piece of synchronous code as an automaton. What the code does next is a function of what its
 * operations answered, so it is executed once for each sequence of answers, and remembered.
 */
export class Automaton {
  readonly root: Node
  readonly #code: Code
  readonly agent: number
  readonly #all: Automata

  constructor(code: Code, agent: number, all: Automata) {
    this.#code = code
    this.agent = agent
    this.#all = all
    this.root = this.#make(null, 0)
  }

  grow(parent: Node, answer: number): Node {
    const node = this.#make(parent, answer)
    parent.children.set(answer, node)
    if (parent.firstChild === null) {
      parent.firstChild = node
      parent.firstAnswer = answer
    }
    return node
  }

  /** A new node, or one that is there and cannot be told from it. */
  #make(parent: Node | null, answer: number): Node {
    const { memory, end, error } = this.#execute(parent, answer)
    const { nodes, merger } = this.#all
    const node = new Node(nodes.length, this, parent, answer, end, memory, error)
    const same = isLoop(this.#code)
      ? undefined
      : merger?.same(node, (oracle) => this.#execute(parent, answer, oracle))
    if (same !== undefined) return same
    nodes.push(node)
    return node
  }

  #execute(parent: Node | null, answer: number, oracle?: Oracle): Execution {
    const operations: Operation[] = []
    const answers: number[] = []
    let last = answer
    for (let node = parent; node !== null; node = node.parent) {
      operations.push(node)
      answers.push(last)
      last = node.answer
    }
    operations.reverse()
    answers.reverse()
    const memory = new SimulatedMemory(this.agent, operations, answers, oracle)
    this.#all.executions++
    try {
      const result: unknown = this.#code(new Agent(this.agent, memory, this.#all.isWatched))
      if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
        throw new TypeError('the code of an agent is asynchronous; this engine runs threads')
      }
    } catch (error) {
      if (error instanceof Diverged) throw error
      if (memory.stoppedAt === null) return { memory, end: FAILED, error }
    }
    return { memory, end: memory.stoppedAt ?? END, error: undefined }
  }
}

const END: Operation = { kind: Op.END, index: 0, value: 0, other: 0 }
const FAILED: Operation = { kind: Op.FAILED, index: 0, value: 0, other: 0 }

export interface Execution {
  readonly memory: SimulatedMemory
  /** Where it stopped. */
  readonly end: Operation
  readonly error: unknown
}

/** All automata of a machine, or of several that run the same code. */
export class Automata {
  /** A node's id is its index here. */
  readonly nodes: Node[] = []
  /** Executions of the code under test. */
  executions = 0
  /** null: each sequence of answers is a node of its own. */
  readonly merger: Merger | null
  /** Whether what the code calls is noted, for people. */
  readonly isWatched: boolean
  readonly #known: Map<Code, Automaton[]> = new Map()

  constructor(merger: Merger | null = null, { isWatched = false }: { isWatched?: boolean } = {}) {
    this.merger = merger
    this.isWatched = isWatched
  }

  of(code: Code, agent: number): Automaton {
    let byAgent = this.#known.get(code)
    if (byAgent === undefined) this.#known.set(code, (byAgent = []))
    return (byAgent[agent] ??= new Automaton(code, agent, this))
  }
}
