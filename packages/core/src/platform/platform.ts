import type { Native, Unsupported } from '@ipc/native'
import type { AgentInfo } from '../memory/memory.ts'

/** Everything that the runtime adds to plain JavaScript. Two modules implement it; `#platform` chooses. */
export interface Platform {
  /** The addon, loaded on the first call; or why there is none. */
  native(): Native | Unsupported
  /** Distinguishes the threads of this process; 0 is the main thread. */
  readonly threadId: number
  readonly isMainThread: boolean
  /** An id for this thread where there is no registry of agents: 30 bits, not 0. */
  agentId(): number
  /** The directory of named objects; absolute, and the same for all threads of the process. */
  directory(native: Native): string
  /** The absolute path of a directory that the user names. */
  resolve(directory: string): string
  /** A copy of int32 words of a file, from the one with the number `first` on; null if there is none. */
  readWords(path: string, first: number, count: number): Int32Array | null
  /** Closes a file descriptor. */
  closeDescriptor(descriptor: number): void
  /** The real clock: a blocked thread cannot advance that of a test with fake timers. */
  clock(): () => number
  /** The thread keeps here, under symbols, what it has once: see `realm.ts` for what it has per realm. */
  readonly thread: Record<symbol, unknown>
  /**
   * Says whether the event loop goes on although it has nothing else to do. It uses nothing that a test can
   * replace, and nothing that would keep the async context of the first caller that waits.
   */
  keepAlive(keep: boolean): void
  /** Calls it in the async context that loaded this module, and not in the caller's. */
  outside<R>(call: () => R): R
  /** Calls it once after `ms` milliseconds, if the process lives then; whatever timers a test has. */
  later(call: () => void, ms: number): void
  /** Whether anybody wants to hear of long waits, so that it is worth knowing where they began. */
  readonly isListening: boolean
  /** Tells the user that thread scope is used though nobody can be seen to die. */
  withoutLiveness(reason: string): void
  /** Tells of a wait that is longer than a second, once. */
  blocked(wait: BlockedWait): void
}

/** Published on the diagnostics channel `ipc:blocked`. */
export interface BlockedWait {
  /** The object that is waited for, as in `lock "jobs"`. */
  readonly what: string
  /** How long it has been, in milliseconds. */
  readonly waitedMs: number
  /** Whether the thread is blocked; if not, a promise waits. */
  readonly blocking: boolean
  /** The agents that hold what is waited for, as far as that can be told. */
  readonly owners: readonly AgentInfo[]
  /** Whether this very thread holds it: then only this thread can end the wait. */
  readonly isHeldHere: boolean
  /** The stack of the call that waits, and of the one that took it; if somebody listened then. */
  readonly askedAt: string | null
  readonly heldAt: string | null
}
