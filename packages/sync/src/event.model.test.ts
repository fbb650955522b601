/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- the model says what to expect */
/** Random sequences of calls in one thread against a model of whether it is set, and who came before. */
import { temporaryDirectory } from '@ipc/testing'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Event } from './event.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

const step = fc.record({
  do: fc.constantFrom('set', 'clear', 'pulse', 'wait', 'wait', 'abort', 'look'),
  at: fc.nat(5),
})

interface Pending {
  readonly controller: AbortController
  readonly promise: Promise<unknown>
  outcome: unknown
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test.each([
  ['thread', (): Event => new Event()],
  ['process', (): Event => Event.create()],
] as const)('Event does what its model does in %s scope', { timeout: 60_000 }, async (_, make) => {
  const play = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const event = make()
    const again = Event.from(event.handle)
    let isSet = false
    let waiting: Pending[] = []

    const released = async (): Promise<void> => {
      for (const pending of waiting) {
        await pending.promise
        expect(pending.outcome).toBe(true)
      }
      waiting = []
    }

    for (const { do: what, at } of steps) {
      const one = at % 2 === 0 ? event : again
      switch (what) {
        case 'set':
          one.set()
          isSet = true
          await released()
          break
        case 'clear':
          one.clear()
          isSet = false
          break
        case 'pulse':
          one.set()
          one.clear()
          isSet = false
          await released()
          break
        case 'wait': {
          const controller = new AbortController()
          const pending: Pending = {
            controller,
            outcome: 'pending',
            promise: one.waitAsync({ signal: controller.signal }).then(
              (result) => (pending.outcome = result),
              (error: unknown) => (pending.outcome = error),
            ),
          }
          waiting.push(pending)
          if (isSet) await released()
          break
        }
        case 'abort': {
          const [pending] = waiting.splice(at % Math.max(1, waiting.length), 1)
          if (pending === undefined) break
          const reason = new Error('aborted by the test')
          pending.controller.abort(reason)
          await pending.promise
          expect(pending.outcome).toBe(reason)
          break
        }
        case 'look':
          expect(one.tryWait()).toBe(isSet)
          expect(await one.tryWaitAsync({ timeoutMs: -1 })).toBe(isSet)
      }
      await settle()
      expect([event.isSet, again.isSet]).toEqual([isSet, isSet])
      for (const { outcome } of waiting) expect(outcome).toBe('pending')
    }
    event.set()
    await released()
    event.close()
    again.close()
  })
  await fc.assert(play, { numRuns: 100 })
})
