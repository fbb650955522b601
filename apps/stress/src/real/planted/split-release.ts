import { WrappedMemory } from './wrapped-memory.ts'

const DIFFERENCE = 0x7fffffff
const NEGATIVE = 0x40000000

/** A release that is not atomic: it reads the number of permits, and writes it a little later. */
export class SplitRelease extends WrappedMemory {
  override compareExchange(index: number, expected: number, value: number): number {
    const more = (value - expected) & DIFFERENCE
    if (more === 0 || more >= NEGATIVE) return super.compareExchange(index, expected, value)
    const found = this.inner.load(index)
    if (found !== expected) return found
    for (let i = 0; i < 50; i++) this.inner.load(index)
    this.inner.store(index, value)
    return expected
  }
}
