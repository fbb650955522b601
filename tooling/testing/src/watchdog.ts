import { setTimeout as delay } from 'node:timers/promises'

export interface WatchdogOptions {
  /** When it gives up. The default, 60,000, is generous because machines are slow at times. */
  readonly timeoutMs?: number
}

const PATIENCE_MS = 60_000

/** Waits until `predicate` holds, which it checks every few milliseconds; fails after a long time. */
export async function until(
  predicate: () => unknown,
  what: string,
  { timeoutMs = PATIENCE_MS }: WatchdogOptions = {},
): Promise<void> {
  const start = performance.now()
  while (!(await predicate())) {
    if (performance.now() - start > timeoutMs) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    }
    await delay(2)
  }
}

/** Settles as the promise does, or rejects when that takes too long. */
export async function within<T>(
  promise: Promise<T>,
  what: string,
  { timeoutMs = PATIENCE_MS }: WatchdogOptions = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const watchdog = new Promise<never>((_resolve, reject) => {
    const late = new Error(`not done after ${timeoutMs} ms: ${what}`)
    timer = setTimeout(() => reject(late), timeoutMs)
  })
  try {
    return await Promise.race([promise, watchdog])
  } finally {
    clearTimeout(timer)
  }
}
