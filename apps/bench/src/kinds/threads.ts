import { Lock } from '@ipc/lock'
import type { Handle } from '@ipc/core'
import type { ThreadKind } from './kind.ts'
import { FutexLock } from './futex-lock.ts'

/** V8's own mutex, which exists only with `--harmony-struct`. */
interface V8Mutex {
  readonly prototype: unknown
}
export interface AtomicsWithMutex {
  readonly Mutex: {
    new (): V8Mutex
    readonly lock: (this: void, mutex: V8Mutex, body: () => void) => void
  }
}
export const mutexOfV8: AtomicsWithMutex['Mutex'] | undefined = (
  Atomics as unknown as Partial<AtomicsWithMutex>
).Mutex

const ours: ThreadKind = {
  make: () => new Lock().handle,
  async open(handle) {
    const lock = Lock.from(handle as Handle)
    return {
      enter(body) {
        const guard = lock.acquire()
        body()
        guard.release()
      },
    }
  },
}

const jsLock: ThreadKind = {
  make: () => new Int32Array(new SharedArrayBuffer(4)),
  async open(words) {
    const lock = new FutexLock(words as Int32Array, 0)
    return {
      enter(body) {
        lock.lock()
        body()
        lock.unlock()
      },
    }
  },
}

const v8: ThreadKind = {
  make: () => new mutexOfV8!(),
  async open(mutex) {
    return {
      enter(body) {
        mutexOfV8!.lock(mutex as V8Mutex, body)
      },
    }
  },
}

export const threadKinds: Readonly<Record<string, ThreadKind>> = { ours, 'js-lock': jsLock, v8 }
