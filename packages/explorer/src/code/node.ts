import type { CallNote } from './named.ts'
import { Op, type Operation } from './operation.ts'
import type { Mark } from './simulated-memory.ts'

const NO_MARKS: readonly Mark[] = []
const NO_CALLS: readonly CallNote[] = []

/** The function that grows new nodes. */
export interface Tree {
  readonly agent: number
  grow(parent: Node, answer: number): Node
}

/** The facts that an execution reports about the point that it came to. */
export interface Point {
  readonly operation: Operation
  /** Whether the time may be over here. */
  readonly timed: boolean
  /** The monitor is told these when the operation before has happened. */
  readonly after: readonly Mark[]
  /** The monitor is told these when this operation happens. */
  readonly before: readonly Mark[]
  /** The calls and returns of the code since the operation before, if they are asked for. */
  readonly calls: readonly CallNote[]
  /** The error, if the operation is FAILED. */
  readonly error: unknown
}

/** An agent between two operations: where its code is, as a function of the answers so far. */
export class Node implements Operation {
  readonly id: number
  readonly tree: Tree
  readonly parent: Node | null
  /** The answer to the parent's operation that led here. */
  readonly answer: number
  readonly kind: Operation['kind']
  readonly index: number
  readonly value: number
  readonly other: number
  readonly timed: boolean
  readonly after: readonly Mark[]
  readonly before: readonly Mark[]
  readonly calls: readonly CallNote[]
  readonly error: unknown
  /** Whether its operation can only end in one way, whatever the others do meanwhile. */
  readonly hasOneOutcome: boolean
  // The first child without a Map: most nodes have one or two.
  firstAnswer = 0
  firstChild: Node | null = null
  readonly children: Map<number, Node> = new Map()

  constructor(id: number, tree: Tree, parent: Node | null, answer: number, point: Point) {
    const { operation, timed, after, before, calls, error } = point
    this.id = id
    this.tree = tree
    this.parent = parent
    this.answer = answer
    this.kind = operation.kind
    this.index = operation.index
    this.value = operation.value
    this.other = operation.other
    this.timed = timed
    this.after = after.length === 0 ? NO_MARKS : after
    this.before = before.length === 0 ? NO_MARKS : before
    this.calls = calls.length === 0 ? NO_CALLS : calls
    this.error = error
    this.hasOneOutcome =
      this.kind <= Op.PARK ||
      this.kind === Op.PARK_ASYNC ||
      this.kind === Op.SLEEP_ON ||
      this.kind === Op.UNQUEUE ||
      this.kind === Op.AWAIT
  }

  /** Where the code goes when its operation is answered. */
  on(answer: number): Node {
    if (this.firstChild !== null && this.firstAnswer === answer) return this.firstChild
    return this.children.get(answer) ?? this.#grow(answer)
  }

  #grow(answer: number): Node {
    const node = this.tree.grow(this, answer)
    this.children.set(answer, node)
    if (this.firstChild === null) {
      this.firstChild = node
      this.firstAnswer = answer
    }
    return node
  }
}
