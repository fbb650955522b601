import { platform } from '#platform'
import type { Native, NativeDomain } from '@ipc/native'
import { RegisteredAgents } from './agents.ts'
import { IpcError } from './errors.ts'
import { thread } from './thread.ts'

/** The agents of one directory (or of this process alone), and this thread among them. */
export interface Domain {
  readonly native: Native
  readonly index: number
  /** Empty for the private domain. */
  readonly directory: string
  readonly agents: RegisteredAgents
}

/** Whether named objects and handles between processes work here, and if not, why. */
export const processScope: { readonly supported: boolean; readonly reason: string | null } = {
  get supported() {
    return this.reason === null
  },
  get reason() {
    const native = platform.native()
    return 'reason' in native ? native.reason : null
  },
}

/** @throws IpcError ERR_IPC_UNSUPPORTED where process scope does not work */
export function requireNative(): Native {
  const native = platform.native()
  if ('reason' in native) throw new IpcError('ERR_IPC_UNSUPPORTED', native.reason)
  return native
}

function adopt(native: Native, opened: NativeDomain): Domain {
  let domain = thread.domains.get(opened.index)
  if (domain === undefined) {
    const agents = new RegisteredAgents(native, opened)
    domain = { native, index: opened.index, directory: opened.path, agents }
    thread.domains.set(opened.index, domain)
  }
  return domain
}

/** The domain of a directory; made if it is absent, refused if others could interfere. */
export function openDomain(directory: string, create = true): Domain {
  const native = requireNative()
  return adopt(native, native.openDomain(directory, platform.threadId, create))
}

/** The threads of this process; null where there is no addon, and so no liveness. */
export function privateDomain(): Domain | null {
  if (thread.privateDomain === undefined) {
    const native = platform.native()
    thread.privateDomain =
      'reason' in native ? null : adopt(native, native.openDomain(null, platform.threadId, false))
  }
  return thread.privateDomain
}
