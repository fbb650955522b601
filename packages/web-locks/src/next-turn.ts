/** Timers that a page does not have, and that a test with fake timers may replace. */
interface Timers {
  setImmediate?: (callback: () => void) => { unref(): void }
}

const { setImmediate: immediate } = globalThis as unknown as Timers

/** Calls back in the next turn of the event loop. */
export function nextTurn(callback: () => void): void {
  if (immediate === undefined) setTimeout(callback)
  else immediate(callback)
}

/** Calls back in the next turn of the event loop, if the loop is still alive then. */
export function nextTurnIfAny(callback: () => void): void {
  if (immediate === undefined) setTimeout(callback)
  else immediate(callback).unref()
}
