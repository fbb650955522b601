import { IpcError } from '@ipc/core'
import { load, type Native } from '@ipc/native'

/** @throws IpcError ERR_IPC_UNSUPPORTED where there is no addon */
export function native(): Native {
  const addon = load()
  if (!('reason' in addon)) return addon
  throw new IpcError('ERR_IPC_UNSUPPORTED', addon.reason)
}
