import { WrappedMemory } from './wrapped-memory.ts'

const SET = 0x40000000
const TIMES = 0x3fffffff

/** An event that does not count how often it was set: sleepers miss `set(); clear()`. */
export class LostPulse extends WrappedMemory {
  override compareExchange(index: number, expected: number, value: number): number {
    const sets = (value & ~expected & SET) !== 0
    const next = sets ? SET | (expected & TIMES) : value
    return super.compareExchange(index, expected, next)
  }
}
