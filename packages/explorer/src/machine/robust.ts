/** This models what the kernel does with robust futexes when their owner dies (get_robust_list(2)). */
import { FIRST_ID, Op, type Operation } from '../code/operation.ts'

export const FUTEX_WAITERS: number = 0x80000000 | 0
export const FUTEX_OWNER_DIED = 0x40000000
export const FUTEX_TID_MASK = 0x3fffffff

const owns = (value: number, agent: number): boolean =>
  (value & FUTEX_TID_MASK) === FIRST_ID + agent

/**
 * Answers with the word of which a death wakes one sleeper; -1 if there is none. It is the word that the dead
 * agent owned, if somebody has set FUTEX_WAITERS in it; or a word that the dead agent had unlocked and was
 * about to wake, if nobody owns it by then.
 */
export function robustWord(
  robust: readonly number[],
  words: Int32Array,
  agent: number,
  { kind, index, value }: Operation,
): number {
  if (kind === Op.UNPARK && value === 1 && robust.includes(index) && words[index] === 0)
    return index
  return robust.find((word) => owns(words[word]!, agent) && words[word]! < 0) ?? -1
}

/** Leaves FUTEX_WAITERS as it is. */
export function markDead(robust: readonly number[], words: Int32Array, agent: number): void {
  for (const word of robust) {
    const value = words[word]!
    if (owns(value, agent)) words[word] = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED
  }
}
