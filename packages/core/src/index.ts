/** This is what users call. Authors of primitives find the rest in author.ts. */
export type { TryWaitOptions, WaitOptions } from './objects/acquirable.ts'
export type { TryOptions } from './waiting/deadline.ts'
export { processScope } from './agents/domain.ts'
export { IpcError, type IpcErrorCode } from './errors.ts'
export type { Guard } from './objects/guard.ts'
export type { Handle, InnerHandle, ProcessHandle, ThreadHandle } from './objects/handle.ts'
export { list, prune, type ListedObject, type PruneOptions } from './outside/list.ts'
export type { AgentInfo } from './memory/memory.ts'
export type { NotedCommand, NotedWait } from './agents/notes.ts'
export { observe, type Seen, type SeenAgent, type SeenObject } from './outside/observe.ts'
export type { OpenOptions, Scope } from './objects/place.ts'
export type { Inspection, UnlinkOptions } from './objects/primitive.ts'
export {
  SharedMemory,
  type SharedMemoryInspection,
  type SharedMemoryOptions,
} from './objects/shared-memory.ts'
/**
 * @internal At run time the author's names are here too, for loaders that know a package by its main file
 * only (linkers of vm modules, import maps); the declarations show the users' names.
 */
export * from './author.ts'
