/** Everything that can be seen of a directory. */
import type { NotedWait, SeenAgent, SeenObject } from '@ipc/core'
import type { Words } from './words.ts'
import type { Processes } from './processes.ts'

export interface Waiter {
  readonly agent: SeenAgent
  readonly wait: NotedWait
}

export interface ViewedObject extends SeenObject {
  readonly says: Words
  readonly waiters: readonly Waiter[]
}

export interface View {
  readonly objects: readonly ViewedObject[]
  readonly agents: readonly SeenAgent[]
  readonly processes: Processes
}
