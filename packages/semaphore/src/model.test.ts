/* oxlint-disable vitest/no-conditional-expect, vitest/expect-expect -- the model says what to expect */
/**
 * Random sequences of calls in one thread against a model of how many permits there are, who has
 * them, and who is queued.
 */
import { temporaryDirectory } from '@ipc/testing'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { BoundedSemaphore, Semaphore } from './index.ts'
import type { Guard } from '@ipc/core'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

interface Step {
  readonly do: 'try' | 'release' | 'acquireAsync' | 'tryAsync' | 'guard' | 'abort'
  /** Chooses among the guards and pending calls that there are; or how many to release. */
  readonly at: number
}

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'try',
    'release',
    'acquireAsync',
    'acquireAsync',
    'tryAsync',
    'guard',
    'abort',
  ),
  at: fc.nat(5),
})

interface Pending {
  readonly controller: AbortController
  readonly promise: Promise<unknown>
  outcome: 'pending' | Guard | Error
}

interface Held {
  readonly guard: Guard
  readonly async: boolean
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const pick = <T>(list: readonly T[], at: number): T | undefined =>
  list.length === 0 ? undefined : list[at % list.length]

interface Kind {
  readonly undo: boolean
  readonly bounded: boolean
}

async function play(
  semaphore: Semaphore,
  initial: number,
  { undo, bounded }: Kind,
  steps: readonly Step[],
): Promise<void> {
  let free = initial
  let held: Held[] = []
  const released: Guard[] = []
  const queue: Pending[] = []

  const serve = async (): Promise<void> => {
    // A wake may come through the parking thread.
    const expected = Math.min(free, queue.length)
    for (const pending of queue.splice(0, expected)) {
      await pending.promise
      expect(pending.outcome).toMatchObject({ held: true })
      held.push({ guard: pending.outcome as Guard, async: true })
      free--
    }
    await settle()
    for (const { outcome } of queue) expect(outcome).toBe('pending')
    expect(semaphore.value).toBe(free)
  }

  for (const { do: what, at } of steps) {
    switch (what) {
      case 'try': {
        const guard = semaphore.tryAcquire()
        expect(guard !== null).toBe(free > 0)
        if (guard === null) break
        held.push({ guard, async: false })
        free--
        break
      }
      case 'tryAsync': {
        const guard = await semaphore.tryAcquireAsync()
        expect(guard !== null).toBe(free > 0)
        if (guard === null) break
        held.push({ guard, async: true })
        free--
        break
      }
      case 'release': {
        const count = at + 1
        const mine = held.filter(({ async }) => !async)
        const fits = undo || bounded ? free + count <= initial : true
        if (!fits) {
          expect(() => semaphore.release(count)).toThrow(RangeError)
        } else if (undo && mine.length < count) {
          expect(() => semaphore.release(count)).toThrow(
            expect.objectContaining({ code: 'ERR_IPC_NOT_OWNER' }),
          )
        } else {
          semaphore.release(count)
          free += count
          // It is not promised which of them; without undo, guards do not know.
          if (!undo) break
          const gone = held.filter(({ guard }) => !guard.held)
          expect(gone).toHaveLength(count)
          expect(gone.some(({ async }) => async)).toBe(false)
          held = held.filter(({ guard }) => guard.held)
        }
        break
      }
      case 'acquireAsync': {
        const controller = new AbortController()
        const pending: Pending = {
          controller,
          outcome: 'pending',
          promise: semaphore.acquireAsync({ signal: controller.signal }).then(
            (guard) => (pending.outcome = guard),
            (error: Error) => (pending.outcome = error),
          ),
        }
        queue.push(pending)
        break
      }
      case 'guard': {
        const one = pick(held, at)
        if (one === undefined) break
        // Without undo release() may have given back more than there were; then a guard is refused.
        if (bounded && !undo && free >= initial) {
          expect(() => one.guard.release()).toThrow(RangeError)
          break
        }
        one.guard.release()
        one.guard.release()
        released.push(one.guard)
        held = held.filter((other) => other !== one)
        free++
        break
      }
      case 'abort': {
        const pending = pick(queue, at)
        if (pending === undefined) break
        const reason = new Error('aborted by the test')
        pending.controller.abort(reason)
        await pending.promise
        expect(pending.outcome).toBe(reason)
        queue.splice(queue.indexOf(pending), 1)
        break
      }
    }
    await serve()
    for (const guard of released) expect(guard.held).toBe(false)
  }

  while (queue.length > 0) {
    const one = held.shift()
    if (one === undefined) semaphore.release()
    else one.guard.release()
    free++
    await serve()
  }
  for (const { guard } of held.filter(() => undo)) guard.release()
}

const kinds = [
  { title: 'Semaphore', Class: Semaphore, undo: false, bounded: false },
  { title: 'Semaphore {undo}', Class: Semaphore, undo: true, bounded: false },
  { title: 'BoundedSemaphore', Class: BoundedSemaphore, undo: true, bounded: true },
  { title: 'BoundedSemaphore {undo: false}', Class: BoundedSemaphore, undo: false, bounded: true },
]

describe.each(kinds)('$title', (kind) => {
  const { Class, undo } = kind
  test.each([
    ['thread', (value: number): Semaphore => new Class(value, { undo })],
    ['process', (value: number): Semaphore => Class.create({ value, undo })],
  ] as const)('does what its model does in %s scope', { timeout: 60_000 }, async (_scope, make) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 30 }),
        async (value, steps) => {
          const semaphore = make(value)
          await play(semaphore, value, kind, steps)
          semaphore.close()
        },
      ),
      { numRuns: 60 },
    )
  })
})
