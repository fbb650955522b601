import { Lock } from '@ipc/lock'
import { WrappedMemory } from './wrapped-memory.ts'

const FIRST_TICKET = Lock.words() + 2
const NEWEST = 0x3fffffff

/** A Condition, over a Lock, that first notifies the waiters that came last: its tickets count down. */
export class NewestFirst extends WrappedMemory {
  override store(index: number, value: number): void {
    const offset = index - this.place - FIRST_TICKET
    const isTicket = offset >= 0 && offset % 2 === 0
    super.store(index, isTicket ? NEWEST - value : value)
  }
}
