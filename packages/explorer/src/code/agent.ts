import { named, type CallNote } from './named.ts'
import type { SimulatedMemory } from './simulated-memory.ts'

/** A piece of an agent's code that shares nothing with the other pieces but the memory. */
export type Code = (agent: Agent) => void

/** The part of the explorer that an agent's code sees. */
export class Agent {
  /** The agent's number, from 0. */
  readonly number: number
  readonly memory: SimulatedMemory
  readonly #isWatched: boolean
  #made: Map<unknown, unknown> | undefined

  constructor(number: number, memory: SimulatedMemory, isWatched: boolean) {
    this.number = number
    this.memory = memory
    this.#isWatched = isWatched
  }

  /** An object of the code under test; its calls stand in timelines, after a prefix if there is one. */
  named<T extends object>(object: T, prefix = ''): T {
    const { memory } = this
    if (!this.#isWatched) return object
    const note = (call: CallNote): void => {
      if (memory.stoppedAt === null) memory.calls.push(call)
    }
    return named(object, note, prefix)
  }

  /**
   * Answers with the object that its tasks share: it is made when it is first asked for, and anew in each
   * execution.
   */
  once<T>(make: (agent: Agent) => T): T {
    const made = (this.#made ??= new Map())
    if (!made.has(make)) made.set(make, make(this))
    return made.get(make) as T
  }

  /** Tells the monitor that something was done, by the operation that came last. */
  did(code: number, value = 0): void {
    const { memory } = this
    if (memory.stoppedAt !== null) return
    // A call that began since the last operation is over already.
    memory.after.push(...memory.before.splice(0), { code, value })
  }

  /**
   * Tells the monitor that something begins, with the operation that comes next: not earlier, or
   * what other agents do in between would seem to be concurrent with it.
   */
  begins(code: number, value = 0): void {
    if (this.memory.stoppedAt === null) this.memory.before.push({ code, value })
  }

  /**
   * Makes its next sleeps end at once, as if it had been woken this many times and had found nothing.
   */
  loses(times: number): void {
    this.memory.staleWakes = times
  }

  /** Calls a function that may time out; elsewhere time stands still. */
  timed<T>(call: () => T): T {
    this.memory.timed = true
    try {
      return call()
    } finally {
      if (this.memory.stoppedAt === null) this.memory.timed = false
    }
  }
}

const loops = new WeakMap<Code, () => void>()

/**
 * Code that is an event loop, and not a thread that blocks. `canRun` throws where it cannot be
 * executed; the engine itself knows nothing of event loops, so that it needs no module of Node.
 */
export function asLoop(code: Code, canRun: () => void): Code {
  loops.set(code, canRun)
  return code
}

/** @throws where the code cannot be executed */
export function prepare(code: Code): void {
  loops.get(code)?.()
}

export const isLoop = (code: Code): boolean => loops.has(code)

const unmerged = new WeakSet<Code>()

/**
 * Code whose nodes are never merged, because a difference in what they remember may show only late: after
 * many operations on words that only its process has. Its graph must be finite without that.
 */
export function asUnmerged(code: Code): Code {
  unmerged.add(code)
  return code
}

export const isUnmerged = (code: Code): boolean => unmerged.has(code)
