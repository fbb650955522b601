import type { Memory } from './memory.ts'

const states = new WeakMap<Memory, Map<number, object>>()

/**
 * What one thread remembers of one object (its hold, its queue), however often it opened it.
 * Memories are canonical per thread, so (memory, index) names the object.
 */
export function localState<T extends object>(memory: Memory, index: number, make: () => T): T {
  let ofMemory = states.get(memory)
  if (ofMemory === undefined) states.set(memory, (ofMemory = new Map()))
  let state = ofMemory.get(index)
  if (state === undefined) ofMemory.set(index, (state = make()))
  return state as T
}
