import type { Memory } from './memory.ts'

const states = new WeakMap<Memory, Map<string, object>>()

/**
 * What one thread remembers of one object (its hold, its queue), however often it opened it.
 * Memories are canonical per thread, so (memory, index) names the object; `what`, because another
 * kind of object may have been there before.
 */
export function localState<T extends object>(
  memory: Memory,
  index: number,
  what: string,
  make: () => T,
): T {
  let ofMemory = states.get(memory)
  if (ofMemory === undefined) states.set(memory, (ofMemory = new Map()))
  const key = `${what} ${index}`
  let state = ofMemory.get(key)
  if (state === undefined) ofMemory.set(key, (state = make()))
  return state as T
}
