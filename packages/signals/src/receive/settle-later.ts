// Bound here: with the fake timers of a test, the callback would never run.
import { setTimeout } from 'node:timers'
import type { Native } from '@ipc/native'

const FIRST_MS = 1
const LAST_MS = 1000

let isUnderWay = false

/**
 * Some threads could not yet be told which signals are blocked, so we hold those signals and not the
 * kernel. The threads may sleep by the next attempt; those of other native code may never be told, so the
 * attempts end some time.
 */
export function settleLater(native: Native): void {
  if (isUnderWay) return
  isUnderWay = true
  const again = (afterMs: number): void => {
    setTimeout(() => {
      if (native.signalsSettle() || afterMs > LAST_MS) isUnderWay = false
      else again(afterMs * 2)
    }, afterMs).unref()
  }
  again(FIRST_MS)
}
