import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.useRealTimers()
})

/** A thread that blocks cannot advance the clock of its test, and would block forever. */
test('the clock is the real one, though it was first asked for while a test had another', async () => {
  vi.useFakeTimers()
  const { now } = await import('./clock.ts')
  const start = now()
  expect(performance.now()).toBe(0)
  vi.useRealTimers()
  await delay(5)
  expect(now()).toBeGreaterThan(start)
})
