import { Agent, type Code } from './agent.ts'
import { Op, type Operation } from './operation.ts'
import type { Node, Point } from './node.ts'
import { Diverged, SimulatedMemory, type Oracle } from './simulated-memory.ts'

const END: Operation = { kind: Op.END, index: 0, value: 0, other: 0 }
const FAILED: Operation = { kind: Op.FAILED, index: 0, value: 0, other: 0 }

/** The agent whose code it is. */
export interface Part {
  readonly code: Code
  readonly agent: number
  /** Whether the calls that it makes are noted. */
  readonly isWatched: boolean
}

/** Executes code from its beginning, with the answers that lead to `parent`, and one more. */
export function execute(
  { code, agent, isWatched }: Part,
  parent: Node | null,
  answer: number,
  oracle?: Oracle,
): Point {
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
  const memory = new SimulatedMemory(agent, operations, answers, oracle)
  const point = (operation: Operation, error?: unknown): Point => {
    const { timed, after, before, calls } = memory
    return { operation, timed, after, before, calls, error }
  }
  try {
    const result: unknown = code(new Agent(agent, memory, isWatched))
    if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
      throw new TypeError('the code of an agent is asynchronous; this engine runs threads')
    }
  } catch (error) {
    if (error instanceof Diverged) throw error
    if (memory.stoppedAt === null) return point(FAILED, error)
  }
  return point(memory.stoppedAt ?? END)
}
