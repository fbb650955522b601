import type { Native, Unsupported } from '@ipc/native'

/** What the runtime adds to plain JavaScript. Two modules implement it; `#platform` chooses. */
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
  /** The same for one that the user names. */
  resolve(directory: string): string
  /** A copy of int32 words of a file, from the one with the number `first` on; null if there is none. */
  readWords(path: string, first: number, count: number): Int32Array | null
  /** Closes a file descriptor. */
  closeDescriptor(descriptor: number): void
  /** The real one: a blocked thread cannot advance that of a test with fake timers. */
  clock(): () => number
  /** Told when thread scope is used though nobody can be seen to die. */
  withoutLiveness(reason: string): void
  /** Told once per blocking wait of the main thread that is longer than a second. */
  blocked(wait: BlockedWait): void
}

/** Published on the diagnostics channel `ipc:blocked`. */
export interface BlockedWait {
  /** What is waited for, as in `lock "jobs"`. */
  readonly what: string
  /** How long it has been, in milliseconds. */
  readonly waitedMs: number
}
