/** The parts that we use of rivals that come without types. */
export interface FsExt {
  readonly flockSync: (fd: number, mode: 'ex' | 'un') => void
  readonly flock: (fd: number, mode: 'ex' | 'un', done: (error: Error | null) => void) => void
}

export interface FsNativeExtensions {
  readonly waitForLock: (fd: number) => Promise<void>
  readonly waitForLockSync: (fd: number) => void
  readonly unlock: (fd: number) => void
}

export interface ProperLockfile {
  readonly lock: (
    file: string,
    options: { retries: { forever: boolean; minTimeout: number; maxTimeout: number } },
  ) => Promise<() => Promise<void>>
}

export interface AsyncLockClass {
  new (options: { maxPending: number }): {
    acquire<T>(key: string, body: () => T | PromiseLike<T>): Promise<T>
  }
}

/** The Web Locks API, where Node has it. */
export interface WebLocks {
  request<T>(name: string, body: () => T | PromiseLike<T>): Promise<T>
}
