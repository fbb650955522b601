import type { ChildProcess } from 'node:child_process'
import { processKinds } from '../kinds/processes.ts'
import type { AsyncExclusion, BlockingExclusion, ProcessKind } from '../kinds/kind.ts'
import type { WorkOptions, WorkResult } from './options.ts'
import type { Shared } from './shared.ts'

/** The values that one side works with. */
export interface Side {
  readonly me: number
  readonly where: string
  readonly options: WorkOptions
  readonly shared: Shared
}

/** The values with which the lead directs the sides. */
export interface Lead {
  readonly options: WorkOptions
  readonly shared: Shared
  readonly start: (me: number) => ChildProcess
}

export interface Work {
  readonly lead: (lead: Lead) => Promise<WorkResult>
  readonly side: (side: Side) => Promise<void>
}

/** Runs `body` under the lock, and waits for it if the lock does not block. */
export async function enter(
  lock: BlockingExclusion | AsyncExclusion,
  body: () => void,
): Promise<void> {
  const left: unknown = lock.enter(body)
  if (left instanceof Promise) await left
}

export function processKind({ kind }: WorkOptions): ProcessKind {
  return processKinds[kind]!
}
