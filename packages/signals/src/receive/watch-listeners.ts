import type { Native } from '@ipc/native'
import { settle } from './settle.ts'
import {
  countListeners,
  isOwnChange,
  keepLibuv,
  keepsLibuv,
  numberOfEvent,
} from './node-listeners.ts'
import { bit } from '../names/numbers.ts'
import { SIG_DFL, SIG_IGN, isAwaited, isBlocked, state } from './state.ts'

/**
 * When the first listener of `process.on` comes, libuv sets the kernel's disposition, knowing nothing
 * of ours. So ours is set again after it, and in between the main thread blocks the signal, so that no
 * delivery falls into the gap. When the last one goes libuv would set the default; as threads that
 * block nothing could die of it, a listener that does nothing takes its place.
 *
 * Node's own listeners of these two events were there first: one of ours that is put before them
 * runs before libuv is called, and one that is put behind runs after.
 */
export function watchListeners(native: Native): void {
  const inBetween = new Map<number, { readonly gone: boolean; readonly isLibuvs: boolean }>()

  const before = (event: string | symbol, gone: boolean): void => {
    const number = numberOfEvent(event)
    if (number === undefined || isOwnChange() || countListeners(number) > 0) return
    const isOurs = state.ours.has(number) || isAwaited(number) || isBlocked(number)
    if (!isOurs && !keepsLibuv(number)) return
    if (gone) keepLibuv(number)
    const isLibuvs = !keepsLibuv(number)
    if (isLibuvs) {
      native.signalsEvict(bit(number))
      native.signalsShut(bit(number))
    }
    inBetween.set(number, { gone, isLibuvs })
    void Promise.resolve(event).then(after) // for the case that a listener in between throws
  }

  const after = (event: string | symbol): void => {
    const number = numberOfEvent(event)
    const between = number === undefined ? undefined : inBetween.get(number)
    if (number === undefined || between === undefined || isOwnChange()) return
    const { gone, isLibuvs } = between
    inBetween.delete(number)
    if (isLibuvs) native.signalDisplaced(number, false)
    const ours = state.ours.get(number)
    if (gone) state.overruled.delete(number)
    else if (ours === SIG_DFL || ours === SIG_IGN) state.overruled.add(number)
    settle(number, !gone)
    if (isLibuvs) native.signalsReopen(bit(number))
  }

  const emitter: NodeJS.EventEmitter = process
  emitter.prependListener('newListener', (event: string | symbol) => before(event, false))
  emitter.on('newListener', after)
  emitter.prependListener('removeListener', (event: string | symbol) => before(event, true))
  emitter.on('removeListener', after)
}
