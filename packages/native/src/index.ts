import { AsyncResource } from 'node:async_hooks'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Native } from './native.ts'
import { thread } from './thread.ts'
import { isTransient } from './transient.ts'

export type {
  DomainMode,
  FileInfo,
  Native,
  NativeDomain,
  NativeFile,
  NativeLayout,
  NativeProcess,
  OpenedFile,
  OpenRequest,
} from './native.ts'

export interface Unsupported {
  /** Why the addon cannot be used here, and what was tried. */
  readonly reason: string
}

export { thread } from './thread.ts'

/** One addon per thread, however many copies of this module are loaded, in however many realms. */
const SHARED = Symbol.for('@ipc/native@1')

/**
 * Everything that the addon keeps forever is made in this context, the one that loaded this module, and not
 * in that of the first caller.
 */
const outside = new AsyncResource('@ipc/native', { requireManualDestroy: true })

let failure: Unsupported | undefined

/**
 * The native addon, loaded on the first call. Never throws: where it cannot be loaded, the answer
 * says why and which file was tried. It is tried again when descriptors or memory had run out.
 */
export function load(): Native | Unsupported {
  const loaded = (thread[SHARED] as Native | undefined) ?? failure
  if (loaded !== undefined) return loaded
  const tried = outside.runInAsyncScope(tryToLoad)
  if (!('reason' in tried)) thread[SHARED] = tried
  else if (!isTransient(tried.reason)) failure = tried
  return tried
}

function tryToLoad(): Native | Unsupported {
  const target = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux') {
    return { reason: `process scope needs Linux (x64 or arm64): this is ${target}` }
  }
  let path = 'nothing, as this module does not know where it is'
  try {
    path = fileURLToPath(new URL(`../prebuilds/${target}/ipc.node`, import.meta.url))
    return createRequire(import.meta.url)(path) as Native
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return {
      reason:
        `the native addon for ${target} cannot be loaded: tried ${path}: ${why} ` +
        '(the README of @ipc/native says how to build it from source, and what to tell a bundler)',
    }
  }
}
