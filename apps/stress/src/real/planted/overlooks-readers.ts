import { Lock } from '@ipc/lock'
import { WrappedMemory } from './wrapped-memory.ts'

const FREE = 0
const WITNESS_AND_USED = 2
const FIRST_SLOT = Lock.words() + WITNESS_AND_USED
const AGENT = 0x3fffffff

/** An RWLock that never sees the slots of other readers: writers do not wait for them. */
export class OverlooksReaders extends WrappedMemory {
  override load(index: number): number {
    const word = super.load(index)
    const isOthers = index >= this.place + FIRST_SLOT && (word & AGENT) !== this.self
    return isOthers && word > 0 ? FREE : word
  }
}
