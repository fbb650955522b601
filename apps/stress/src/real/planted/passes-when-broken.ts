import { WrappedMemory } from './wrapped-memory.ts'

const PHASE = 0x60000000
const FILLING = 0
const DRAINING = 0x20000000
const BROKEN = 0x40000000

/** A Barrier that lets all pass when one gives up: FILLING → DRAINING where it should be BROKEN. */
export class PassesWhenBroken extends WrappedMemory {
  override compareExchange(index: number, expected: number, value: number): number {
    const breaks = (expected & PHASE) === FILLING && (value & PHASE) === BROKEN
    const next = breaks && index === this.place ? (value & ~PHASE) | DRAINING : value
    return super.compareExchange(index, expected, next)
  }
}
