// Bound here: with the fake timers of a test, it would never come to it.
import { setTimeout } from 'node:timers'
import type { Native } from '@ipc/native'

const FIRST_MS = 1
const LAST_MS = 1000

let isUnderWay = false

/**
 * Some threads could not yet be told what is blocked, so we hold it and not the kernel. They may sleep
 * by the next time; those of other native code may never be told, so this ends some time.
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
