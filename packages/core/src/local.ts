import type { Memory } from './memory.ts'
import { realm } from './realm.ts'

/**
 * What one realm of a thread remembers of one object (its hold, its queue), however often it opened
 * it, and with however many copies of this module. Memories are canonical in a realm, so (memory, index)
 * names the object; `what`, because another kind of object may have been there before.
 */
export function localState<T extends object>(
  memory: Memory,
  index: number,
  what: string,
  make: () => T,
): T {
  let ofMemory = realm.states.get(memory)
  if (ofMemory === undefined) realm.states.set(memory, (ofMemory = new Map()))
  const key = `${what} ${index}`
  let state = ofMemory.get(key)
  if (state === undefined) ofMemory.set(key, (state = make()))
  return state as T
}
