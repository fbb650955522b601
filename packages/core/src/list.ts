import { lookAtDomain, visitDomain } from './domain.ts'
import { callAddon } from './errors.ts'
import type { AgentInfo } from './memory.ts'

/** A named object. */
export interface ListedObject {
  readonly kind: string
  /** null for one without a name, which lives as long as its users. */
  readonly name: string | null
  /** Who has it open. */
  readonly users: readonly AgentInfo[]
}

/**
 * All objects of the directory and who has them open.
 * @throws IpcError ERR_IPC_UNSUPPORTED, ERR_IPC_UNSAFE_DIRECTORY
 */
export function list(): ListedObject[] {
  const domain = lookAtDomain()
  if (domain === null) return []
  const { native, index, agents } = domain
  return callAddon(() => native.list(index, false)).map(({ file, kind, anonymous, openers }) => {
    const all = openers.map((agent) => agents.info(agent))
    // A parking thread has no JavaScript; it belongs to a thread that is listed.
    const users = all.filter((user) => user.threadId >= 0)
    return { kind, name: anonymous ? null : file.slice(kind.length + 1), users }
  })
}

/** Removes every object that nobody has open; returns their files' names (`<kind>.<name>`). */
export function prune(): string[] {
  const domain = visitDomain()
  return domain === null ? [] : callAddon(() => domain.native.prune(domain.index))
}
