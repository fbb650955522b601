import type { Native } from '@ipc/native'
import { settle } from './settle.ts'
import { countListeners, numberOfEvent } from './node-listeners.ts'
import { bit } from './numbers.ts'
import { SIG_DFL, SIG_IGN, isAwaited, isBlocked, isWaitedFor, state } from './state.ts'

/**
 * When the first listener of `process.on` comes and when the last one goes, libuv sets the kernel's
 * disposition, knowing nothing of ours. So ours is set again after it, and in between the signal is
 * blocked, so that no delivery falls into the gap, or dies of the default action there.
 *
 * Node's own listeners of these two events were there first: one of ours that is put before them
 * runs before libuv is called, and one that is put behind runs after.
 */
export function watchListeners(native: Native): void {
  const inBetween = new Map<number, boolean>()

  const before = (event: string | symbol, gone: boolean): void => {
    const number = numberOfEvent(event)
    if (number === undefined || countListeners(number) > 0) return
    if (!state.ours.has(number) && !isAwaited(number)) return
    native.signalsEvict(bit(number))
    native.signalsMask(0, bit(number))
    inBetween.set(number, gone)
    queueMicrotask(() => after(event)) // for the case that a listener in between throws
  }

  const after = (event: string | symbol): void => {
    const number = numberOfEvent(event)
    const gone = number === undefined ? undefined : inBetween.get(number)
    if (number === undefined || gone === undefined) return
    inBetween.delete(number)
    native.signalDisplaced(number, gone)
    const ours = state.ours.get(number)
    if (gone) state.overruled.delete(number)
    else if (ours === SIG_DFL || ours === SIG_IGN) state.overruled.add(number)
    settle(number, !gone)
    const staysBlocked = isBlocked(number) && !isWaitedFor(number)
    if (!staysBlocked) native.signalsMask(1, bit(number))
  }

  const emitter: NodeJS.EventEmitter = process
  emitter.prependListener('newListener', (event: string | symbol) => before(event, false))
  emitter.on('newListener', after)
  emitter.prependListener('removeListener', (event: string | symbol) => before(event, true))
  emitter.on('removeListener', after)
}
