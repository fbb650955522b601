import { constants } from 'node:os'
import { inContextOfLoad } from './context.ts'
import { countListeners } from './node-listeners.ts'
import { isAwaited, SIG_DFL, SIG_IGN, state, type Want } from './state.ts'

/** Tells the receiver what is wanted of a signal, after anything that may have changed it. */
export function settle(number: number, listened: boolean = countListeners(number) > 0): void {
  inContextOfLoad(() => state.receiver!.apply(number, wanted(number), listened))
}

function wanted(number: number): Want {
  const ours = state.ours.get(number)
  if (typeof ours === 'function' || isAwaited(number)) return 'caught'
  if (ours === undefined || state.overruled.has(number)) return 'node'
  if (ours === SIG_IGN) return 'ignored'
  // SIGCHLD is ignored by default, and libuv's handler, which child_process needs, is as good.
  return ours === SIG_DFL && number === constants.signals.SIGCHLD ? 'node' : 'default'
}
