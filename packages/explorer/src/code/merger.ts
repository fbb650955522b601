import type { Node, Point } from './node.ts'
import {
  DEATH,
  NEVER,
  Op,
  RUNS,
  SLEEP_CHANGED,
  SLEPT_OUT,
  TIMED_OUT,
  WOKEN,
  type Operation,
} from './operation.ts'
import { sleepsOf } from './sleeps.ts'
import type { Oracle, SimulatedMemory } from './simulated-memory.ts'

/** The first probes of two nodes; only if they find no difference, all probes are compared. */
const FIRST_PROBES = 8
/** More probes, and longer ones, tell more apart, and cost more. */
const PROBES = 96
const PROBE_OPERATIONS = 64
/** Every second probe begins with this many answers, each of them as likely as the others. */
const EVEN_ANSWERS = 6

/** Executes the code up to a node, and on from there. */
type Execute = (oracle: Oracle) => Point

interface Known {
  readonly node: Node
  readonly execute: Execute
  rest: string | null
}

/**
 * Finds nodes that go on alike, whatever they are answered, so that loops have finite graphs. It cannot know
 * that, but it tries: from both nodes the code goes on many times with the same answers, and must do the same
 * each time. So this is a bounded equivalence. Some probes give the same operation the same answer each time,
 * which keeps a loop going until what it counts makes a difference; others answer at random.
 *
 * Answers are values that the words had so far. When new ones turn up, nodes are merged with later
 * ones only.
 */
export class Merger {
  /** How many nodes were not made because there was one like them. */
  merged = 0
  /** Groups of nodes that the first probes do not tell apart. */
  readonly #alike: Map<string, Known[]> = new Map()
  /** For each word, the values that it was seen to have or to get. */
  readonly #values: Map<number, number[]> = new Map()
  #epoch = 0

  same(node: Node, execute: Execute): Node | undefined {
    this.#learn(node)
    const first = this.#fingerprint(node, execute, 0, FIRST_PROBES)
    const known: Known = { node, execute, rest: null }
    const alike = this.#alike.get(first)
    if (alike === undefined) {
      this.#alike.set(first, [known])
      return undefined
    }
    const rest = this.#restOf(known)
    const same = alike.find((other) => this.#restOf(other) === rest)
    if (same === undefined) alike.push(known)
    else this.merged++
    return same?.node
  }

  /** The hash of what the other probes say; they are run when it matters. */
  #restOf(known: Known): string {
    const { node, execute } = known
    return (known.rest ??= this.#fingerprint(node, execute, FIRST_PROBES, PROBES))
  }

  #learn(node: Node): void {
    const { parent } = node
    if (parent !== null && parent.kind <= Op.XOR) this.#addValue(parent.index, node.answer)
    if (node.kind === Op.STORE || node.kind === Op.EXCHANGE) this.#addValue(node.index, node.value)
    if (node.kind === Op.COMPARE_EXCHANGE) {
      this.#addValue(node.index, node.value)
      this.#addValue(node.index, node.other)
    }
  }

  #addValue(word: number, value: number): void {
    let values = this.#values.get(word)
    if (values === undefined) this.#values.set(word, (values = []))
    if (values.includes(value)) return
    values.push(value)
    this.#epoch++
  }

  #fingerprint(node: Node, execute: Execute, from: number, to: number): string {
    if (node.kind >= Op.END) {
      return `end ${node.kind} ${String(node.error)} ${JSON.stringify([node.after, node.before])}`
    }
    let high = 0
    let low = 0
    for (let probe = from; probe < to; probe++) {
      const hash = this.#probe(probe, execute)
      high = Math.imul(high ^ hash, 0x9e3779b1) ^ (high >>> 15)
      low = Math.imul(low + hash, 0x85ebca6b) ^ (low >>> 13)
    }
    return `${node.tree.agent} ${this.#epoch} ${high} ${low}`
  }

  /** A hash of what the code does from here on. */
  #probe(probe: number, execute: Execute): number {
    let hash = probe + 1
    let count = 0
    const mix = (value: number): void => {
      hash = Math.imul(hash ^ value, 0x5bd1e995)
      hash ^= hash >>> 15
    }
    const look = (
      { kind, index, value, other }: Operation,
      { timed, after, before }: Pick<Point, 'timed' | 'after' | 'before'>,
    ): void => {
      mix(kind)
      mix(index)
      mix(value)
      mix(other)
      mix(timed ? 1 : 0)
      for (const mark of after) mix(mark.code * 31 + mark.value)
      mix(7)
      for (const mark of before) mix(mark.code * 31 + mark.value)
    }
    const end = execute((operation, at) => {
      look(operation, at)
      if (count++ === PROBE_OPERATIONS) return undefined
      return this.#answer(probe, count, operation, at)
    })
    if (end.operation.kind >= Op.END) look(end.operation, end)
    for (const char of String(end.error)) mix(char.codePointAt(0)!)
    return hash
  }

  #answer(
    probe: number,
    count: number,
    { kind, index, value, other }: Operation,
    memory: SimulatedMemory,
  ): number | undefined {
    if (kind === Op.AGAIN) return undefined
    const isEven = probe % 2 === 0 && count <= EVEN_ANSWERS
    // Either the same operation always gets the same answer, or it does so for a while, or each answer is
    // chosen anew.
    const variant = isEven || probe % 8 === 1 ? count : probe % 8 === 3 ? count >> 4 : 0
    let random = Math.imul(probe + 1, 0x9e3779b1) ^ Math.imul(variant + 1, 0x85ebca6b)
    for (const part of [kind, index, value, other]) {
      random = Math.imul(random ^ part, 0x5bd1e995)
      random ^= random >>> 15
    }
    random >>>= 1
    const results = memory.timed ? TIMED_OUT + 1 : DEATH + 1
    switch (kind as number) {
      case Op.IS_DEAD:
        return random % (isEven ? 2 : 8) === 0 ? 1 : 0
      case Op.ARM:
        return 0
      case Op.PARK:
        return random % 2 === 0 && !isEven ? WOKEN : (random >> 1) % results
      case Op.SLEEP_ON:
        if (random % 4 === 0) {
          const mayEnd = memory.timed || value !== NEVER
          return mayEnd && random % 8 === 0 ? SLEPT_OUT : SLEEP_CHANGED
        }
        return (random >> 3) % sleepsOf({ index }).length
      case Op.UNQUEUE: {
        const another = (random >> 3) % sleepsOf({ index }).length
        return random % 4 === 0 && (value & (1 << another)) === 0 ? another : RUNS
      }
      case Op.AWAIT:
        return memory.timed && random % 4 === 0 ? TIMED_OUT : WOKEN
      case Op.UNPARK:
        return Math.min(random % 3, value)
      case Op.NOW:
        return random % (isEven ? 2 : 4) === 0 ? 1 : 0
      case Op.COMPARE_EXCHANGE:
        if (random % 2 === 0) return value
        break
      default:
        if (random % 4 === 0) return 0
    }
    const values = this.#values.get(index)
    return values === undefined ? 0 : values[(random >> 3) % values.length]!
  }
}
