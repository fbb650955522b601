import { RLock } from '@ipc/lock'
import { WrappedMemory } from './wrapped-memory.ts'

const FREE = 0
const DEPTH = RLock.words() - 1

/** An RLock that is free as soon as one of its levels is released. */
export class InnerReleaseFrees extends WrappedMemory {
  override store(index: number, value: number): void {
    const isDepth = index === this.place + DEPTH
    const before = isDepth ? this.inner.load(index) : 0
    super.store(index, value)
    if (isDepth && value > 0 && value < before) this.inner.store(this.place, FREE)
  }
}
