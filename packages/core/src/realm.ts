import { platform } from '#platform'
import type { Native } from '@ipc/native'
import type { AgentId } from './memory.ts'
import type { SharedFile } from './shared-file.ts'
import type { Domain } from './domain.ts'
import type { Wakes } from './wakes.ts'

/**
 * What one realm of a thread has only once, however many copies of this module it loads. A thread may
 * have several realms: vm contexts, and the test files of a runner. To shared memory they are one
 * agent; but each has its own objects, holds and queues, as two handles of one thread have, so that a
 * realm that is thrown away leaves nothing behind in the others. What must be the thread's (its agents,
 * the names of its tickets, who hears of wakes) is in the addon, and under symbols of `platform.thread`.
 */
export interface Realm {
  /** This thread where there is no registry. */
  readonly plainAgent: AgentId
  /** By the addon's index. */
  readonly domains: Map<number, Domain>
  privateDomain: Domain | null
  /** What it has open, by domain, file and id. */
  readonly files: Map<string, SharedFile>
  /** Who waits for wakes of an addon; normally there is one. */
  readonly wakes: WeakMap<Native, Wakes>
}

/** A Map, because test runners delete the properties of what a test has put on its global object. */
const KEPT = Symbol.for('@ipc/realm@1')
const kept = ((globalThis as { [KEPT]?: Map<string, unknown> })[KEPT] ??= new Map())

const CORE = '@ipc/core@1'

function make(): Realm {
  const made: Realm = {
    plainAgent: platform.agentId(),
    domains: new Map(),
    privateDomain: null,
    files: new Map(),
    wakes: new WeakMap(),
  }
  kept.set(CORE, made)
  return made
}

export const realm: Realm = (kept.get(CORE) as Realm | undefined) ?? make()
