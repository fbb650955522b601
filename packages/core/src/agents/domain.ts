import { platform } from '#platform'
import type { DomainMode, Native, NativeDomain, Unsupported } from '@ipc/native'
import { RegisteredAgents } from './agents.ts'
import { callAddon, IpcError } from '../errors.ts'
import { onceInRealm } from '../realm.ts'

/** The agents of one directory (or of this process alone), and this thread among them. */
export interface Domain {
  readonly native: Native
  readonly index: number
  /** Empty for the private domain. */
  readonly directory: string
  readonly agents: RegisteredAgents
}

/** The domains that this realm has open, by the addon's index. */
const domains = onceInRealm('domains', () => new Map<number, Domain>())
const ofProcess = onceInRealm('private domain', () => ({ domain: null as Domain | null }))

/** Whether this realm uses what is in a directory. */
export function usesDirectories(): boolean {
  return [...domains.values()].some(({ directory }) => directory !== '')
}

/** When there is no directory or registry: see DomainMode. */
const LOOK = 0
const USE = 1
const MAKE = 2

/**
 * Whether named objects and handles between processes work here, and if not, why and what to do. Each read
 * asks the addon, the kernel and the directory anew; nothing is made.
 */
export const processScope: { readonly supported: boolean; readonly reason: string | null } = {
  get supported() {
    return this.reason === null
  },
  get reason() {
    const native = usableNative()
    if ('reason' in native) return native.reason
    try {
      native.checkDomain(platform.directory(native))
      return null
    } catch (error) {
      return (error as Error).message
    }
  },
}

/** The addon, if the kernel tells which threads die: some emulators load it and have no robust futexes. */
function usableNative(): Native | Unsupported {
  const native = platform.native()
  if ('reason' in native || native.layout.liveness >= 0) return native
  return {
    reason:
      'process scope needs robust futexes, by which the kernel tells that a thread died: ' +
      'this kernel (or emulator) does not have them',
  }
}

/** @throws IpcError ERR_IPC_UNSUPPORTED where process scope does not work */
export function requireNative(): Native {
  const native = usableNative()
  if ('reason' in native) throw new IpcError('ERR_IPC_UNSUPPORTED', native.reason)
  return native
}

function adopt(native: Native, opened: NativeDomain): Domain {
  let domain = domains.get(opened.index)
  if (domain === undefined) {
    const agents = new RegisteredAgents(native, opened)
    domain = { native, index: opened.index, directory: opened.path, agents }
    domains.set(opened.index, domain)
  }
  return domain
}

function openNative(
  native: Native,
  directory: string | null,
  mode: DomainMode,
  join: boolean,
): NativeDomain {
  return callAddon(() => native.openDomain(directory, platform.threadId, mode, join))
}

/** The domain of the process's directory; made if it is absent, refused if others could interfere. */
export function openDomain(create: boolean): Domain {
  const native = requireNative()
  return adopt(native, openNative(native, platform.directory(native), create ? MAKE : USE, true))
}

/**
 * Joins the agents of a directory that somebody else names, as a handle does: nothing is made there
 * and nothing removed. Throws ENOENT when there is none, or nobody was there since the machine started.
 */
export function joinDomain(directory: string): Domain {
  const native = requireNative()
  return adopt(native, openNative(native, platform.resolve(directory), LOOK, true))
}

/**
 * Opens the directory's domain for a caller that looks from outside: it gets no agent, and nothing is made.
 */
export function lookAtDomain(): Domain | null {
  return visit(LOOK)
}

/** Opens the domain for a caller that removes names: they may be of an earlier registry. */
export function visitDomain(): Domain | null {
  return visit(USE)
}

/** null if there is nothing to see. */
function visit(mode: DomainMode): Domain | null {
  const native = requireNative()
  try {
    const opened = openNative(native, platform.directory(native), mode, false)
    const { index, path } = opened
    return { native, index, directory: path, agents: new RegisteredAgents(native, opened) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The threads of this process; null, and the user is told, where nobody can be seen to die. */
export function privateDomain(): Domain | null {
  if (ofProcess.domain !== null) return ofProcess.domain
  const native = usableNative()
  if ('reason' in native) {
    platform.withoutLiveness(native.reason)
    return null // perhaps not forever
  }
  return (ofProcess.domain = adopt(native, openNative(native, null, USE, true)))
}
