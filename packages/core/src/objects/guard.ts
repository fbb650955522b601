/**
 * What an acquisition gives: the right to release it, once. A guard never releases a later hold.
 */
export interface Guard extends Disposable {
  /** Until released, by whatever way. */
  readonly held: boolean
  /** The previous owner died holding it: what it protects may be half-written. */
  readonly abandoned: boolean
  /** Idempotent; `[Symbol.dispose]` is the same, for `using`. */
  release(): void
}
