/** An acquisition gives a guard: the right to release it, once. A guard never releases a later hold. */
export interface Guard extends Disposable {
  /** True until it is released, in whatever way. */
  readonly held: boolean
  /** The previous owner died holding it: what it protects may be half-written. */
  readonly abandoned: boolean
  /** Idempotent; `[Symbol.dispose]` is the same, for `using`. */
  release(): void
}
