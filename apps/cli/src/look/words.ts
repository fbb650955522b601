/** What the words of an object can say. */
import type { SeenAgent } from '@ipc/core'

export interface Words {
  /** In a word or two. */
  readonly state: string
  /** Who holds it, alive. */
  readonly holders: readonly SeenAgent[]
  /** Who died holding it; the next to have it is told. */
  readonly dead: readonly SeenAgent[]
  /** Who must let go before the waiter can go on: all of them, or any. */
  needs(waiter: SeenAgent): Needs
  /** Of an object with many locks: each, by its name. Left out: it is one. */
  readonly locks?: readonly NamedLock[]
}

/** A lock that an agent has or waits for. */
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
