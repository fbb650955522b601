import { isMainThread } from 'node:worker_threads'
import { IpcError } from '@ipc/core'
import { load, type Native, type Unsupported } from '@ipc/native'

/** The addon, or null where there is none; then Node's own functions do what they can. */
export function native(): Native | null {
  if (loaded !== null) return loaded
  const addon = load()
  return 'reason' in addon ? null : (loaded = addon)
}

let loaded: Native | null = null

/**
 * The addon, for what Node cannot do.
 * @throws IpcError ERR_IPC_UNSUPPORTED
 */
export function nativeFor(what: string): Native {
  const addon = native()
  if (addon !== null) return addon
  const { reason } = load() as Unsupported
  throw new IpcError('ERR_IPC_UNSUPPORTED', `${what}: ${reason}`)
}

/**
 * Signals are taken by the main thread; their handlers and its mask belong to it.
 * @throws IpcError ERR_IPC_UNSUPPORTED in a worker
 */
export function onMainThread(what: string): void {
  if (isMainThread) return
  throw new IpcError('ERR_IPC_UNSUPPORTED', `${what}: only the main thread can, this is a worker`)
}
