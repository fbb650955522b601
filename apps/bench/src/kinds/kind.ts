/**
 * A way to exclude each other, as one process (or worker) sees it: `enter` runs `body` while nobody
 * else is inside. A kind that blocks the thread returns nothing; the others return a promise.
 */
export interface Exclusion {
  enter(body: () => void): void | Promise<void>
}

export interface BlockingExclusion extends Exclusion {
  enter(body: () => void): void
}

export interface AsyncExclusion extends Exclusion {
  enter(body: () => void | Promise<void>): Promise<void>
}

/** A kind between processes: all sides open the same `where`, a path that nobody else uses. */
export type ProcessKind =
  | { readonly blocks: true; open(where: string): Promise<BlockingExclusion> }
  | { readonly blocks: false; open(where: string): Promise<AsyncExclusion> }

/** A kind between the threads of one process: all sides get the same buffer or handle. */
export interface ThreadKind {
  /** Makes the buffer or handle that is posted to every worker. */
  make(): unknown
  open(made: unknown): Promise<BlockingExclusion>
}
