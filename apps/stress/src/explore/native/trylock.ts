import {
  FUTEX_OWNER_DIED,
  FUTEX_TID_MASK,
  FUTEX_WAITERS,
  type SimulatedMemory,
} from '@ipc/explorer/engine'

const FREE = 0

/**
 * pthread_mutex_trylock() of a robust mutex, and pthread_mutex_consistent(), as glibc has them
 * (nptl/pthread_mutex_trylock.c): what they do to the kernel's word. agent.c never unlocks one, so
 * that it may be inconsistent plays no part.
 */
export function trylock(memory: SimulatedMemory, word: number): boolean {
  let old = memory.load(word)
  for (;;) {
    while ((old & FUTEX_OWNER_DIED) !== 0) {
      const was = memory.compareExchange(word, old, memory.self | (old & FUTEX_WAITERS))
      if (was === old) return true
      old = was
    }
    old = memory.compareExchange(word, FREE, memory.self)
    if (old === FREE) return true
    if ((old & FUTEX_OWNER_DIED) === 0) return false
  }
}

/** Nobody's, and nobody can lock it: it looks neither dead nor free. */
export function isStuck(word: number): boolean {
  return (word & (FUTEX_TID_MASK | FUTEX_OWNER_DIED)) === 0 && word !== FREE
}
