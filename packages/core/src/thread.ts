import { platform } from '#platform'
import type { AgentId, ParkResult } from './memory.ts'
import type { SharedFile } from './shared-file.ts'
import type { Domain } from './domain.ts'
import type { Interruption } from './interruption.ts'

/** What one thread has only once, however many copies of this module it loads. */
export interface Thread {
  /** This thread where there is no registry. */
  readonly plainAgent: AgentId
  /** By the addon's index. */
  readonly domains: Map<number, Domain>
  privateDomain: Domain | null
  /** What it has open, by domain, file and id. */
  readonly files: Map<string, SharedFile>
  /** Callers of asynchronous sleeps in process scope, by ticket. */
  readonly tickets: Map<number, (result: ParkResult) => void>
  nextTicket: number
  interruption: Interruption | null
}

const SHARED = Symbol.for('@ipc/core.thread@1')
const shared = globalThis as { [SHARED]?: Thread }

export const thread: Thread = (shared[SHARED] ??= {
  plainAgent: platform.agentId(),
  domains: new Map(),
  privateDomain: null,
  files: new Map(),
  tickets: new Map(),
  nextTicket: 1,
  interruption: null,
})
