import {
  FUTEX_OWNER_DIED,
  FUTEX_TID_MASK,
  FUTEX_WAITERS,
  type SimulatedMemory,
} from '@ipc/explorer/engine'

const FREE = 0

/**
 * This models what ipc_robust_trylock() of robust.c does to the kernel's word. The list that the kernel walks
 * is the thread's own, and is not modelled; nor is ipc_robust_mend(), as nobody writes garbage here.
 */
export function trylock(memory: SimulatedMemory, word: number): boolean {
  let old = memory.load(word)
  while (old === FREE || (old & FUTEX_OWNER_DIED) !== 0) {
    const was = memory.compareExchange(word, old, memory.self | (old & FUTEX_WAITERS))
    if (was === old) return true
    old = was
  }
  return false
}

/** Whether the word is nobody's and nobody can lock it: it looks neither dead nor free. */
export function isStuck(word: number): boolean {
  return (word & (FUTEX_TID_MASK | FUTEX_OWNER_DIED)) === 0 && word !== FREE
}
