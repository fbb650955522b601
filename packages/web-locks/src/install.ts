/**
 * Makes `navigator.locks` work between threads and processes, for libraries that were written for
 * browsers: `import '@ipc/web-locks/install'`. The property is a getter on the prototype, as in browsers.
 */
import { Lock } from './lock.ts'
import { LockManager, locks } from './lock-manager.ts'

const INSTALLED = Symbol.for('@ipc/web-locks.installed')

interface Global {
  navigator?: object
  [INSTALLED]?: LockManager
}

const global = globalThis as Global

if (global[INSTALLED] === undefined) install()
else if (global[INSTALLED] !== locks) {
  throw new Error(
    'install @ipc/web-locks: another copy of it is installed in this thread already: ' +
      'make all packages use one version, or install it only once',
  )
}

function install(): void {
  define(global, INSTALLED, locks)
  define(global, 'Lock', Lock)
  define(global, 'LockManager', LockManager)
  if (global.navigator === undefined) makeNavigator()
  const { navigator } = global
  const attribute = {
    get locks(): LockManager {
      if (this !== navigator) throw new TypeError('Illegal invocation')
      return locks
    },
  }
  const getter = Object.getOwnPropertyDescriptor(attribute, 'locks')!
  Object.defineProperty(Object.getPrototypeOf(navigator), 'locks', getter)
}

/** Node 20 has no `navigator`. */
function makeNavigator(): void {
  // oxlint-disable-next-line typescript/no-extraneous-class -- an interface, whose prototype is needed
  class Navigator {}
  define(global, 'Navigator', Navigator)
  define(global, 'navigator', new Navigator())
}

function define(object: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  })
}
