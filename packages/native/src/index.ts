import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Native } from './native.ts'
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

/** One addon per thread, however many copies of this module are loaded. */
const SHARED = Symbol.for('@ipc/native@1')
const shared = globalThis as { [SHARED]?: Native | Unsupported }

/**
 * The native addon, loaded on the first call. Never throws: where it cannot be loaded, the answer
 * says why and which file was tried. It is tried again when descriptors or memory had run out.
 */
export function load(): Native | Unsupported {
  if (shared[SHARED] !== undefined) return shared[SHARED]
  const loaded = tryToLoad()
  if (!('reason' in loaded && isTransient(loaded.reason))) shared[SHARED] = loaded
  return loaded
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
