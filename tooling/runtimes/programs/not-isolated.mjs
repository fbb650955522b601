// In a page whose server does not send COOP and COEP all packages load, and say that these are missing.
import { processScope, SharedMemory } from '@ipc/core'
import { Lock, RLock, RWLock } from '@ipc/lock'
import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
import { Barrier, Condition, Event } from '@ipc/sync'

const makers = {
  SharedMemory: () => new SharedMemory({ byteLength: 4 }),
  Lock: () => new Lock(),
  RLock: () => new RLock(),
  RWLock: () => new RWLock(),
  Semaphore: () => new Semaphore(1),
  BoundedSemaphore: () => new BoundedSemaphore(1),
  Event: () => new Event(),
  Condition: () => new Condition(new Lock()),
  Barrier: () => new Barrier(2),
  'Lock.open': () => Lock.open('x'),
}

function failure(make) {
  try {
    make()
    return 'made'
  } catch ({ code, message }) {
    return { code, message }
  }
}

const failures = Object.entries(makers).map(([name, make]) => [name, failure(make)])
const detail = {
  isolated: globalThis.crossOriginIsolated,
  shares: typeof SharedArrayBuffer,
  supported: processScope.supported,
  failures: Object.fromEntries(failures),
}
dispatchEvent(new CustomEvent('report', { detail }))
