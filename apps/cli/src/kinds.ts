import { type UnlinkOptions } from '@ipc/core'
import { unlinkName } from '@ipc/core/author'

type Unlinker = (name: string, options: UnlinkOptions) => boolean

/** How an object of each kind is removed: by force, some must also make their words unusable. */
const UNLINKERS: Readonly<Record<string, () => Promise<{ unlink: Unlinker }>>> = {
  lock: async () => (await import('@ipc/lock')).Lock,
  rlock: async () => (await import('@ipc/lock')).RLock,
  rwlock: async () => (await import('@ipc/lock')).RWLock,
  semaphore: async () => (await import('@ipc/semaphore')).Semaphore,
  bounded: async () => (await import('@ipc/semaphore')).BoundedSemaphore,
  event: async () => (await import('@ipc/sync')).Event,
  condition: async () => (await import('@ipc/sync')).Condition,
  barrier: async () => (await import('@ipc/sync')).Barrier,
  weblocks: async () => ({ unlink: (await import('@ipc/web-locks/table')).unlinkLocks }),
  memory: async () => (await import('@ipc/core')).SharedMemory,
}

/** @throws TypeError for a name that nothing can have */
export function checkName(name: string): void {
  unlinkName('none', name) // the kind does not exist: this only checks the name
}

export const KINDS: readonly string[] = Object.keys(UNLINKERS)

/** If the kind is unknown here, only the name is removed. */
export async function unlinkerOf(kind: string): Promise<Unlinker> {
  const of = await UNLINKERS[kind]?.()
  return of === undefined
    ? (name, options) => unlinkName(kind, name, options)
    : (name, options) => of.unlink(name, options)
}
