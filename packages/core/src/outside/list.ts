import { lookAtDomain, visitDomain } from '../agents/domain.ts'
import { callAddon, checkOptions, flag } from '../errors.ts'
import type { AgentInfo } from '../memory/memory.ts'

/** A named object. */
export interface ListedObject {
  readonly kind: string
  /** null for one without a name, which lives as long as its users. */
  readonly name: string | null
  /** The agents that have it open. */
  readonly users: readonly AgentInfo[]
  /** Only there if it is so: somebody died holding it, and the next agent that acquires it will be told. */
  readonly abandoned?: true
}

/** Options of `prune`. */
export interface PruneOptions {
  /** Removes what is abandoned, too: then nobody will be told that the last owner died. Default: false. */
  readonly force?: boolean | undefined
}

/**
 * All objects of the directory and who has them open.
 * @throws IpcError ERR_IPC_UNSUPPORTED, ERR_IPC_UNSAFE_DIRECTORY
 */
export function list(): ListedObject[] {
  const domain = lookAtDomain()
  if (domain === null) return []
  const { native, index, agents } = domain
  return callAddon(() => native.list(index, false)).map(
    ({ file, kind, anonymous, openers, abandoned }) => {
      const all = openers.map((agent) => agents.info(agent))
      // A parking thread has no JavaScript; it belongs to a thread that is listed. One of which nothing
      // is known has ended since.
      const users = all.filter(({ threadId, pid }) => threadId >= 0 && pid !== 0)
      const name = anonymous ? null : file.slice(kind.length + 1)
      return { kind, name, users, ...(abandoned ? { abandoned } : {}) }
    },
  )
}

/**
 * Removes every object that nobody has open; returns their files' names (`<kind>.<name>`). One that is
 * abandoned is kept, for its next owner to be told, unless forced; `list()` says which these are.
 */
export function prune(options?: PruneOptions): string[] {
  checkOptions('prune() options', options)
  const force = flag('force', options?.force, false)
  const domain = visitDomain()
  return domain === null ? [] : callAddon(() => domain.native.prune(domain.index, force))
}
