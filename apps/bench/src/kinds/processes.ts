import { closeSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import type * as lmdbPackage from 'lmdb'
import { Lock } from '@ipc/lock'
import { openLocks } from '@ipc/web-locks'
import type { ProcessKind } from './kind.ts'
import type { FsExt, FsNativeExtensions, ProperLockfile } from './modules.ts'
import { rival } from './rival.ts'

const ours: ProcessKind = {
  blocks: true,
  async open(where) {
    const lock = Lock.open(basename(where))
    return {
      enter(body) {
        const guard = lock.acquire()
        body()
        guard.release()
      },
    }
  },
}

const oursAsync: ProcessKind = {
  blocks: false,
  async open(where) {
    const lock = Lock.open(basename(where))
    return {
      async enter(body) {
        const guard = await lock.acquireAsync()
        await body()
        guard.release()
      },
    }
  },
}

const webLocks: ProcessKind = {
  blocks: false,
  async open(where) {
    const locks = openLocks(basename(where))
    return { enter: (body) => locks.request('name', body) }
  },
}

const fsExt: ProcessKind = {
  blocks: true,
  async open(where) {
    const { flockSync } = await rival<FsExt>('fs-ext')
    const file = openFile(where)
    return {
      enter(body) {
        flockSync(file, 'ex')
        body()
        flockSync(file, 'un')
      },
    }
  },
}

const fsExtAsync: ProcessKind = {
  blocks: false,
  async open(where) {
    const { flock } = await rival<FsExt>('fs-ext')
    const file = openFile(where)
    const change = (to: 'ex' | 'un'): Promise<void> =>
      new Promise((resolve, reject) =>
        flock(file, to, (error) => (error ? reject(error) : resolve())),
      )
    return {
      async enter(body) {
        await change('ex')
        await body()
        await change('un')
      },
    }
  },
}

const fsNativeExtensions: ProcessKind = {
  blocks: true,
  async open(where) {
    const { waitForLockSync, unlock } = await rival<FsNativeExtensions>('fs-native-extensions')
    const file = openFile(where)
    return {
      enter(body) {
        waitForLockSync(file)
        body()
        unlock(file)
      },
    }
  },
}

const fsNativeExtensionsAsync: ProcessKind = {
  blocks: false,
  async open(where) {
    const { waitForLock, unlock } = await rival<FsNativeExtensions>('fs-native-extensions')
    const file = openFile(where)
    return {
      async enter(body) {
        await waitForLock(file)
        await body()
        unlock(file)
      },
    }
  },
}

const properLockfile: ProcessKind = {
  blocks: false,
  async open(where) {
    const { lock } = await rival<ProperLockfile>('proper-lockfile')
    closeSync(openFile(where))
    const retries = { forever: true, minTimeout: 1, maxTimeout: 100 }
    return {
      async enter(body) {
        const release = await lock(where, { retries })
        await body()
        await release()
      },
    }
  },
}

const lmdb: ProcessKind = {
  blocks: true,
  async open(where) {
    const { open } = await rival<typeof lmdbPackage>('lmdb')
    const store = open({ path: `${where}.lmdb`, noSync: true })
    return {
      enter(body) {
        store.transactionSync(body)
      },
    }
  },
}

export const processKinds: Readonly<Record<string, ProcessKind>> = {
  ours,
  'ours-async': oursAsync,
  'web-locks': webLocks,
  'fs-ext': fsExt,
  'fs-ext-async': fsExtAsync,
  'fs-native-extensions': fsNativeExtensions,
  'fs-native-extensions-async': fsNativeExtensionsAsync,
  'proper-lockfile': properLockfile,
  lmdb,
}

function openFile(where: string): number {
  return openSync(where, 'a')
}
