import { native, onMainThread } from './native.ts'
import { NativeReceiver } from './native-receiver.ts'
import { NodeReceiver } from './node-receiver.ts'
import { state, type Receiver } from './state.ts'

/**
 * Where signals come from; made when they are first asked for.
 * @throws IpcError ERR_IPC_UNSUPPORTED in a worker
 */
export function receiverFor(what: string): Receiver {
  onMainThread(what)
  const addon = native()
  return (state.receiver ??= addon === null ? new NodeReceiver() : new NativeReceiver(addon))
}
