import { WrappedMemory } from './wrapped-memory.ts'

const FREE = 0

/** A lock that ignores contention: FREE → me succeeds whoever holds it. */
export class IgnoresContention extends WrappedMemory {
  override compareExchange(index: number, expected: number, value: number): number {
    if (expected !== FREE || value !== this.self) {
      return super.compareExchange(index, expected, value)
    }
    this.inner.store(index, value)
    return FREE
  }
}
