import { isLoop, isUnmerged, type Code } from './agent.ts'
import { execute } from './execution.ts'
import type { Merger } from './merger.ts'
import { Node, type Point, type Tree } from './node.ts'
import { Op } from './operation.ts'
import { Diverged, type Oracle } from './simulated-memory.ts'

/**
 * A piece of synchronous code as an automaton. The next operation of the code is a function of the answers so
 * far, so the code is executed once for each sequence of answers, and the result is remembered.
 */
export class Automaton implements Tree {
  readonly root: Node
  readonly agent: number
  readonly #code: Code
  readonly #all: Automata

  constructor(code: Code, agent: number, all: Automata) {
    this.#code = code
    this.agent = agent
    this.#all = all
    this.root = this.#make(null, 0)
  }

  grow(parent: Node, answer: number): Node {
    return this.#make(parent, answer)
  }

  /** Answers with a new node, or with an existing one that cannot be told from it. */
  #make(parent: Node | null, answer: number): Node {
    const { nodes, merger, isWatched } = this.#all
    const run = (oracle?: Oracle): Point => {
      this.#all.executions++
      return execute({ code: this.#code, agent: this.agent, isWatched }, parent, answer, oracle)
    }
    const point = run()
    if (!isSamePoint(point, run())) {
      throw new Diverged(
        'executed twice, it does different things: it depends on more than its answers',
      )
    }
    const node = new Node(nodes.length, this, parent, answer, point)
    // The nodes of an event loop depend on each other through its tickets.
    const isAlone = isLoop(this.#code) || isUnmerged(this.#code)
    const same = isAlone ? undefined : merger?.same(node, run)
    if (same !== undefined) return same
    nodes.push(node)
    return node
  }
}

const NOWHERE: Point = {
  operation: { kind: Op.END, index: 0, value: 0, other: 0 },
  timed: false,
  after: [],
  before: [],
  calls: [],
  error: undefined,
}

const NO_TREE: Tree = {
  agent: -1,
  grow() {
    throw new Error('nobody goes on from the end')
  },
}

/** All automata of a machine, or of several that run the same code. */
export class Automata {
  /** A node's id is its index here. */
  readonly nodes: Node[] = []
  /** Executions of the code under test. */
  executions = 0
  /** If this is null, each sequence of answers is a node of its own. */
  readonly merger: Merger | null
  /** Whether the calls of the code are noted, for people. */
  readonly isWatched: boolean
  /** The node at which every agent is that has ended. */
  readonly nowhere: Node
  readonly #known: Map<Code, Automaton[]> = new Map()

  constructor(merger: Merger | null = null, { isWatched = false }: { isWatched?: boolean } = {}) {
    this.merger = merger
    this.isWatched = isWatched
    this.nowhere = new Node(0, NO_TREE, null, 0, NOWHERE)
    this.nodes.push(this.nowhere)
  }

  of(code: Code, agent: number): Automaton {
    let byAgent = this.#known.get(code)
    if (byAgent === undefined) this.#known.set(code, (byAgent = []))
    return (byAgent[agent] ??= new Automaton(code, agent, this))
  }
}

function isSamePoint(a: Point, b: Point): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}

function plain({ operation, timed, after, before, error }: Point): unknown {
  return [operation, timed, after, before, String(error)]
}
