import type { Memory } from '../memory/memory.ts'

/**
 * The states are kept on the memory itself: in a WeakMap of all memories, every garbage collection would
 * visit every entry, which took the explorer, with its new memory for each execution, a third of its time.
 * The symbol is the same in all copies of this module.
 */
const STATES: unique symbol = Symbol.for('@ipc/core.states@1')

interface Stateful extends Memory {
  [STATES]?: Map<string, object>
}

/**
 * The state that one realm of a thread remembers of one object (its hold, its queue), however often it
 * opened it, and with however many copies of this module. Memories are canonical in a realm, so (memory,
 * index) names the object; `what` is there because another kind of object may have been there before.
 */
export function localState<T extends object>(
  memory: Memory,
  index: number,
  what: string,
  make: () => T,
): T {
  const ofMemory = ((memory as Stateful)[STATES] ??= new Map<string, object>())
  const key = `${what} ${index}`
  let state = ofMemory.get(key)
  if (state === undefined) ofMemory.set(key, (state = make()))
  return state as T
}
