import { inContextOfLoad } from './context.ts'
import { native, onMainThread } from '../native.ts'
import { NativeReceiver } from './native-receiver.ts'
import { NodeReceiver } from './node-receiver.ts'
import { shareState, state, type Receiver } from './state.ts'

/**
 * The source of signals; it is made when they are first asked for.
 * @throws IpcError ERR_IPC_UNSUPPORTED in a worker
 */
export function receiverFor(what: string): Receiver {
  onMainThread(what)
  const addon = native()
  shareState()
  return (state.receiver ??= inContextOfLoad(() =>
    addon === null ? new NodeReceiver() : new NativeReceiver(addon),
  ))
}
