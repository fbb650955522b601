/** The facts that the words of an object can tell. */
import type { SeenAgent } from '@ipc/core'

export interface Words {
  /** The state in a word or two. */
  readonly state: string
  /** The agents that hold it and are alive. */
  readonly holders: readonly SeenAgent[]
  /** The agents that died holding it; the next owner is told. */
  readonly dead: readonly SeenAgent[]
  /** The agents that must let go before the waiter can go on: all of them, or any. */
  needs(waiter: SeenAgent): Needs
  /** Each lock by its name, if the object has many; left out if the object is one lock. */
  readonly locks?: readonly NamedLock[]
}

/** A lock that an agent holds or waits for. */
export interface NamedLock {
  readonly name: string
  readonly mode: 'shared' | 'exclusive'
  readonly held: boolean
  readonly agent: SeenAgent
}

export interface Needs {
  readonly agents: readonly SeenAgent[]
  readonly all: boolean
}
