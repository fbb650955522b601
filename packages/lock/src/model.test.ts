/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- the model says what to expect */
/**
 * Random sequences of calls in one thread against a model of who holds the lock and who is queued. They
 * test all that can happen without another thread; the laws and the explorer do the rest.
 */
import { temporaryDirectory } from '@ipc/testing'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Guard } from './index.ts'
import { Lock } from './lock.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

/** One call; numbers choose among the objects, guards and pending calls that there are. */
type Step =
  | {
      readonly do: 'try' | 'acquire' | 'release' | 'acquireAsync' | 'tryAsync'
      readonly at: number
    }
  | { readonly do: 'guard' | 'abort' | 'inspect'; readonly at: number }

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'try',
    'acquire',
    'release',
    'acquireAsync',
    'acquireAsync',
    'tryAsync',
    'guard',
    'guard',
    'abort',
    'inspect',
  ),
  at: fc.nat(7),
})

interface Pending {
  readonly controller: AbortController
  readonly promise: Promise<unknown>
  outcome: 'pending' | Guard | Error
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const pick = <T>(list: readonly T[], at: number): T | undefined =>
  list.length === 0 ? undefined : list[at % list.length]

async function play(locks: readonly [Lock, Lock], steps: readonly Step[]): Promise<void> {
  /** The model. */
  let holder: { guard: Guard; async: boolean } | null = null
  const queue: Pending[] = []
  const guards: Guard[] = []

  const hold = (guard: Guard, async: boolean): void => {
    guards.push(guard)
    holder = { guard, async }
  }
  const served = async (): Promise<void> => {
    await settle()
    const next = holder === null ? queue.shift() : undefined
    if (next === undefined) return
    expect(next.outcome, 'the oldest call is served').not.toBe('pending')
    hold(next.outcome as Guard, true)
  }

  for (const { do: what, at } of steps) {
    const lock = locks[at % 2 === 0 ? 0 : 1]
    const current = holder as { guard: Guard; async: boolean } | null
    switch (what) {
      case 'try': {
        const guard = lock.tryAcquire()
        expect(guard === null).toBe(current !== null)
        if (guard !== null) hold(guard, false)
        break
      }
      case 'acquire': {
        if (current === null) hold(lock.acquire(), false)
        else expect(() => lock.acquire()).toThrow(/this thread holds it/)
        break
      }
      case 'release': {
        if (current === null || current.async) {
          expect(() => lock.release()).toThrow(
            expect.objectContaining({ code: 'ERR_IPC_NOT_OWNER' }),
          )
        } else {
          lock.release()
          expect(current.guard.held).toBe(false)
          holder = null
        }
        break
      }
      case 'acquireAsync': {
        const controller = new AbortController()
        const options = at % 2 === 0 ? { signal: controller.signal } : undefined
        const pending: Pending = {
          controller,
          outcome: 'pending',
          promise: lock.acquireAsync(options).then(
            (guard) => (pending.outcome = guard),
            (error: Error) => (pending.outcome = error),
          ),
        }
        queue.push(pending)
        if (options === undefined) Object.assign(pending, { controller: null })
        break
      }
      case 'tryAsync': {
        const guard = await lock.tryAcquireAsync()
        expect(guard === null).toBe(current !== null)
        if (guard !== null) hold(guard, true)
        break
      }
      case 'guard': {
        const guard = pick(guards, at)
        guard?.release()
        if (guard !== undefined && guard === current?.guard) holder = null
        break
      }
      case 'abort': {
        const pending = pick(
          queue.filter(({ controller }) => controller !== null),
          at,
        )
        if (pending === undefined) break
        const reason = new Error('aborted by the test')
        pending.controller.abort(reason)
        await pending.promise
        expect(pending.outcome).toBe(reason)
        queue.splice(queue.indexOf(pending), 1)
        break
      }
      case 'inspect': {
        const { locked, owner } = lock.inspect()
        expect(locked).toBe(current !== null)
        expect(owner?.pid).toBe(current === null ? undefined : process.pid)
        break
      }
    }
    await served()
    const now = holder as { guard: Guard } | null
    for (const guard of guards) expect(guard.held).toBe(guard === now?.guard)
    for (const { outcome } of queue) expect(outcome).toBe('pending')
    expect(lock.locked).toBe(now !== null)
  }

  // All who wait are served when everybody lets go, in order.
  while (holder !== null) {
    ;(holder as { guard: Guard }).guard.release()
    holder = null
    await served()
  }
  expect(queue).toEqual([])
  expect(locks[0].locked).toBe(false)
}

describe.each([
  ['in thread scope', () => new Lock()],
  ['in process scope', () => Lock.create()],
] as const)('Lock %s', (_where, make) => {
  test('does what its model does', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const lock = make()
        const locks = [lock, Lock.from(lock.handle)] as const
        try {
          await play(locks, steps)
        } finally {
          for (const each of locks) if (!each.locked) each.close()
        }
      }),
      { numRuns: 150 },
    )
  })
})
