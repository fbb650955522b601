import { Act, actOf, agentOf, type Action } from '../machine/action.ts'
import type { Machine } from '../machine/machine.ts'
import { StateSet } from './state-set.ts'
import type { Budget, Finding, Outcome, Strategy } from './strategy.ts'

const NOBODY = -1
/** How many transitions it makes before it reads the clock again. */
const CLOCK_INTERVAL = 256

/**
 * Runs all schedules with at most this many preemptions, depth first: a preemption takes the processor from
 * an agent that could go on. A state that was met before, with as many preemptions left, is not searched
 * again. Most bugs need one or two (CHESS, Musuvathi and Qadeer 2007).
 */
export function bounded(preemptions: number, options: Options = {}): Strategy {
  const name = preemptions === Infinity ? 'complete' : `≤ ${preemptions} preemptions`
  return { name, search: (machine, budget) => search(machine, budget, preemptions, options) }
}

/** For tests of the search itself. */
export interface Options {
  /** Searches states again that were met before, so that nothing depends on how they are told apart. */
  readonly again?: boolean
  /** Called with every state in which nothing can happen any more. */
  readonly ended?: () => void
}

/** The complete state graph: every schedule. */
export const complete: Strategy = bounded(Infinity)

interface Frame {
  readonly vector: Int32Array
  readonly actions: Action[]
  count: number
  next: number
  /** The agent that ran last. */
  last: number
  left: number
}

function search(
  machine: Machine,
  budget: Budget,
  preemptions: number,
  { again = false, ended }: Options,
): Outcome {
  const isBounded = preemptions !== Infinity
  const states = new StateSet(machine.vector.length + 1)
  const frames: Frame[] = []
  const stepsBefore = machine.steps
  let cut = false
  let transitions = 0

  const outcome = (covered: string, isComplete: boolean, finding: Finding | null): Outcome => ({
    finding,
    covered,
    complete: isComplete,
    schedules: 0,
    states: states.size,
    steps: machine.steps - stepsBefore,
  })
  const found = (depth: number): Outcome => {
    const schedule = frames.slice(0, depth).map((frame) => frame.actions[frame.next - 1]!)
    return outcome('', false, { ...machine.violation!, schedule })
  }

  const push = (depth: number, last: number, left: number): void => {
    let frame = frames[depth]
    if (frame === undefined) {
      const vector = new Int32Array(machine.vector.length)
      frames[depth] = frame = { vector, actions: [], count: 0, next: 0, last: NOBODY, left: 0 }
    }
    frame.vector.set(machine.vector)
    frame.count = machine.enabled(frame.actions)
    if (frame.count === 0) ended?.()
    frame.next = 0
    frame.last = last
    frame.left = left
  }

  machine.reset()
  states.raise(machine.vector, isBounded ? NOBODY : 0, isBounded ? preemptions : 0)
  push(0, NOBODY, preemptions)
  if (machine.violation !== null) return found(0)
  let depth = 0
  while (depth >= 0) {
    const frame = frames[depth]!
    if (frame.next === frame.count) {
      depth--
      continue
    }
    const action = frame.actions[frame.next++]!
    machine.restore(frame.vector)
    let { left } = frame
    const agent = agentOf(action)
    const isStep = actOf(action) === Act.STEP
    if (isBounded && isStep && frame.last !== agent) {
      if (frame.last !== NOBODY && machine.isReady(frame.last)) left--
      if (left < 0) {
        cut = true
        continue
      }
    }
    machine.do(action)
    if (machine.violation !== null) return found(depth + 1)
    if (++transitions % CLOCK_INTERVAL === 0 && budget.over()) {
      return outcome(`${count(states.size)} states; the time was over before the end`, false, null)
    }
    const last = isStep ? agent : frame.last
    const isNew = states.raise(machine.vector, isBounded ? last : 0, isBounded ? left : 0)
    if (!isNew && !again) continue
    if (states.size >= budget.maxStates) {
      return outcome(`${count(states.size)} states; there are more than were kept`, false, null)
    }
    if (depth + 1 >= budget.maxSteps && machine.model.endless !== true) {
      machine.violation = { verdict: `no end after ${budget.maxSteps} steps`, agent }
      return found(depth + 1)
    }
    push(++depth, last, left)
    if (machine.violation !== null) return found(depth)
  }
  const all = cut
    ? `all schedules with ≤ ${preemptions} preemptions: ${count(states.size)} states`
    : `all schedules: the complete state graph, ${count(states.size)} states`
  return outcome(all, true, null)
}

const count = (n: number): string => n.toLocaleString('en-US')
