/**
 * Keeps the things that one realm of a thread has only once, however many copies of a module it loads. A
 * thread may have several realms: vm contexts, and the test files of a runner. To shared memory they are
 * one agent; but each has its own objects, holds and queues, as two handles of one thread have, so that a
 * realm that is thrown away leaves nothing behind in the others. Things that must be the thread's (its
 * agents, the names of its tickets, who hears of wakes) are in the addon, and under symbols of
 * `platform.thread`.
 *
 * They are kept in a Map, because test runners delete the properties of what a test has put on its global
 * object.
 */
const KEPT = Symbol.for('@ipc/core.realm@1')
const kept = ((globalThis as { [KEPT]?: Map<string, unknown> })[KEPT] ??= new Map())

/** `what` names it among all copies of this version's modules. */
export function onceInRealm<T extends object>(what: string, make: () => T): T {
  const there = kept.get(what) as T | undefined
  if (there !== undefined) return there
  const made = make()
  kept.set(what, made)
  return made
}
