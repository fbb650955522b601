import type * as asyncMutex from 'async-mutex'
import { Lock } from '@ipc/lock'
import { locks as ourWebLocks } from '@ipc/web-locks'
import type { AsyncLockClass, WebLocks } from './modules.ts'
import { rival } from './rival.ts'

/** A kind between the tasks of one thread: it runs `body` while no other body runs. */
export interface TaskExclusion {
  run(body: () => void | Promise<void>): Promise<void>
}

export type TaskKind = () => Promise<TaskExclusion>

export const taskKinds: Readonly<Record<string, TaskKind>> = {
  ours: async () => {
    const lock = Lock.create()
    return { run: (body) => lock.withAsync(body) }
  },
  'ours-thread': async () => {
    const lock = new Lock()
    return { run: (body) => lock.withAsync(body) }
  },
  'web-locks': async () => ({ run: (body) => ourWebLocks.request('key', body) }),
  'async-mutex': async () => {
    const mutex = new (await rival<typeof asyncMutex>('async-mutex')).Mutex()
    return { run: (body) => mutex.runExclusive(body) }
  },
  'async-lock': async () => {
    const lock = new (await rival<AsyncLockClass>('async-lock'))({ maxPending: Infinity })
    return { run: (body) => lock.acquire('key', body) }
  },
  'navigator.locks': async () => {
    const locks = webLocks()
    return { run: (body) => locks.request('key', body) }
  },
}

/** @throws Error if this Node has no Web Locks */
export function webLocks(): WebLocks {
  const { navigator } = globalThis as { navigator?: { locks?: WebLocks } }
  if (navigator?.locks === undefined) throw new Error('this Node has no navigator.locks')
  return navigator.locks
}
