import { inspect } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Contender } from '../contender.ts'
import { until, within } from '../watchdog.ts'
import {
  placements,
  type Meeting,
  type Modules,
  type PrimitiveLike,
  type Subject,
} from './placements.ts'

export interface GuardLike {
  readonly held: boolean
  readonly abandoned: boolean
  release(): void
  [Symbol.dispose](): void
}

interface Waits {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Any object that is acquired and released, described by its shape: the laws know no package of ours. */
export interface AcquirableLike extends PrimitiveLike {
  acquire(): GuardLike
  tryAcquire(options?: Waits): GuardLike | null
  acquireAsync(options?: { readonly signal?: AbortSignal | undefined }): Promise<GuardLike>
  tryAcquireAsync(options?: Waits): Promise<GuardLike | null>
  release(): void
  with<R>(body: (guard: GuardLike) => R): R
  withAsync<R>(
    body: (guard: GuardLike) => R | PromiseLike<R>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<R>
}

/** The ways in which the subjects differ. */
export interface Traits<X> {
  /** The name of the subject in test names: `Semaphore` or `Semaphore {undo}`. */
  readonly title: string
  /** Whether only the agent that acquired it can release it. */
  readonly owned: boolean
  readonly isFree: (x: X) => boolean
}

/** The laws of an object that one at a time can hold: a lock, or a semaphore with one permit. */
export function acquirableLaws<X extends AcquirableLike>(
  subject: Subject<X>,
  { title, owned, isFree }: Traits<X>,
): void {
  describe.each(placements(subject))(`${title} $name`, (placement) => {
    let meeting: Meeting<X>
    let here: X
    let other: Contender<Modules>

    beforeEach(async () => {
      meeting = await placement.meet()
      ;({ here, other } = meeting)
    })
    afterEach(() => placement.part())

    const take = (): Promise<void> =>
      other.run(({ state }) => void (state['guard'] = state['there'].acquire()))
    const giveBack = (): Promise<void> => other.run(({ state }) => state['guard'].release())
    const giveBackLater = (ms: number): void => {
      void other.start(async ({ state }, after) => {
        await new Promise((resolve) => setTimeout(resolve, after))
        state['guard'].release()
      }, ms)
    }
    const isWaitedFor = (): boolean => (here.inspect() as { waiting: boolean }).waiting

    /* ---- blocking -------------------------------------------------------------------------- */

    test(`${title}.acquire() blocks while held elsewhere, and has it on release`, async () => {
      const guard = here.acquire()
      let done = false
      const taking = take().then(() => (done = true))
      await until(isWaitedFor, 'the contender waits')
      await delay(30)
      expect(done).toBe(false)
      guard.release()
      await taking
      expect(isFree(here)).toBe(false)
      expect(here.tryAcquire()).toBe(null)
      await giveBack()
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.acquire() blocks this thread, however long`, async () => {
      await take()
      const start = performance.now()
      giveBackLater(280) // longer than any recheck
      const guard = here.acquire()
      expect(performance.now() - start).toBeGreaterThanOrEqual(275)
      expect(guard.held).toBe(true)
      guard.release()
    })

    test(`${title}.acquire() gives it to each of many waiters in turn`, async () => {
      const more = await meeting.join()
      const guard = here.acquire()
      const turns = [other, more].map((contender) =>
        contender.run(({ state }) => {
          for (let i = 0; i < 30; i++) state['there'].acquire().release()
        }),
      )
      await until(isWaitedFor, 'one of them waits')
      guard.release()
      await Promise.all(turns)
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.tryAcquire() gives up at once while held elsewhere`, async () => {
      await take()
      expect(here.tryAcquire()).toBe(null)
      expect(here.tryAcquire({ timeoutMs: 0 })).toBe(null)
      expect(here.tryAcquire({ timeoutMs: -1 })).toBe(null)
      expect(here.tryAcquire({ timeoutMs: -Infinity })).toBe(null)
      expect(here.tryAcquire({ timeoutMs: undefined })).toBe(null)
      await giveBack()
      here.tryAcquire()!.release()
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.tryAcquire() waits at least as long as it was told`, async () => {
      await take()
      for (const timeoutMs of [0.5, 30]) {
        const start = performance.now()
        expect(here.tryAcquire({ timeoutMs })).toBe(null)
        expect(performance.now() - start).toBeGreaterThanOrEqual(timeoutMs)
      }
      await giveBack()
      const guard = here.acquire()
      const waited = await other.run(({ state }) => {
        const start = performance.now()
        return [state['there'].tryAcquire({ timeoutMs: 40 }), performance.now() - start]
      })
      expect(waited[0]).toBe(null)
      expect(waited[1]).toBeGreaterThanOrEqual(40)
      guard.release()
      expect(isFree(here)).toBe(true)
    })

    test.each([20_000, Infinity])(
      `${title}.tryAcquire({ timeoutMs: %d }) has it on release`,
      async (timeoutMs) => {
        await take()
        giveBackLater(50)
        const guard = here.tryAcquire({ timeoutMs })
        expect(guard?.held).toBe(true)
        guard!.release()
      },
    )

    test(`${title}.tryAcquire() that gives up takes nothing from those who wait on`, async () => {
      const more = await meeting.join()
      for (let round = 0; round < 6; round++) {
        const guard = here.acquire()
        const impatient = other.run(
          ({ state }, timeoutMs) => state['there'].tryAcquire({ timeoutMs })?.release(),
          round,
        )
        const patient = more.run(({ state }) => state['there'].acquire().release())
        await until(isWaitedFor, 'somebody waits')
        await delay(round / 2)
        guard.release()
        await Promise.all([impatient, patient])
        expect(isFree(here)).toBe(true)
      }
    })

    /* ---- asynchronous ------------------------------------------------------------------------ */

    test(`${title}.acquireAsync() waits without blocking, and has it on release`, async () => {
      await take()
      let guard: GuardLike | undefined
      const taking = here.acquireAsync().then((taken) => (guard = taken))
      await delay(30)
      expect(guard).toBe(undefined)
      await giveBack()
      await within(taking, 'acquireAsync()')
      expect(guard!.held).toBe(true)
      expect(await other.run(({ state }) => state['there'].tryAcquire())).toBe(null)
      guard!.release()
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.acquireAsync() takes what is free`, async () => {
      const guard = await here.acquireAsync()
      expect(isFree(here)).toBe(false)
      guard.release()
      const again = await here.acquireAsync({})
      again.release()
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.acquireAsync() serves the calls of one thread in order`, async () => {
      await take()
      const order: number[] = []
      const calls = Array.from({ length: 40 }, async (_, i) => {
        const guard = await here.acquireAsync(i % 2 === 0 ? undefined : {})
        order.push(i)
        if (i % 3 === 0) await delay(1)
        guard.release()
      })
      giveBackLater(20)
      await within(Promise.all(calls), 'all calls')
      expect(order).toEqual(calls.map((_, i) => i))
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.acquireAsync() shares with the calls of another thread`, async () => {
      const theirs = other.run(async ({ state }) => {
        const { there } = state
        let inside = 0
        const calls = Array.from({ length: 60 }, async () => {
          const guard = await there.acquireAsync()
          if (++inside !== 1) throw new Error('two are inside')
          await Promise.resolve()
          inside--
          guard.release()
        })
        await Promise.all(calls)
      })
      const ours = Array.from({ length: 60 }, () => here.withAsync(() => delay(0)))
      await within(Promise.all([theirs, ...ours]), 'all calls')
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.tryAcquireAsync() gives up when it was told, not earlier`, async () => {
      await take()
      expect(await here.tryAcquireAsync()).toBe(null)
      expect(await here.tryAcquireAsync({ timeoutMs: -5 })).toBe(null)
      const start = performance.now()
      expect(await here.tryAcquireAsync({ timeoutMs: 40 })).toBe(null)
      expect(performance.now() - start).toBeGreaterThanOrEqual(40)
      await giveBack()
      const guard = await here.tryAcquireAsync()
      expect(guard?.held).toBe(true)
      guard!.release()
    })

    test.each([20_000, Infinity, 1e12])(
      `${title}.tryAcquireAsync({ timeoutMs: %d }) has it on release`,
      async (timeoutMs) => {
        await take()
        giveBackLater(30)
        const guard = await within(here.tryAcquireAsync({ timeoutMs }), 'tryAcquireAsync()')
        expect(guard?.held).toBe(true)
        guard!.release()
        expect(isFree(here)).toBe(true)
      },
    )

    test(`${title}.tryAcquireAsync() that gives up lets the next call have it`, async () => {
      await take()
      const impatient = here.tryAcquireAsync({ timeoutMs: 20 })
      const patient = here.acquireAsync()
      expect(await impatient).toBe(null)
      await giveBack()
      ;(await within(patient, 'the next call')).release()
    })

    /* ---- aborting ------------------------------------------------------------------------------ */

    test(`${title}: an aborted signal takes nothing`, async () => {
      const reason = new Error('not wanted')
      const signal = AbortSignal.abort(reason)
      let called = false
      await expect(here.acquireAsync({ signal })).rejects.toBe(reason)
      await expect(here.tryAcquireAsync({ signal, timeoutMs: 10 })).rejects.toBe(reason)
      await expect(here.withAsync(() => (called = true), { signal })).rejects.toBe(reason)
      expect(called).toBe(false)
      expect(isFree(here)).toBe(true)
      await take()
      await expect(here.acquireAsync({ signal })).rejects.toBe(reason)
      await giveBack()
      expect(isFree(here)).toBe(true)
    })

    test(`${title}: aborting a wait rejects with the reason, and leaves the others in order`, async () => {
      await take()
      const controllers = Array.from({ length: 5 }, () => new AbortController())
      const order: number[] = []
      const calls = controllers.map(async ({ signal }, i) => {
        const guard = await here.acquireAsync({ signal })
        order.push(i)
        guard.release()
      })
      const reasons = ['why', undefined, new Error('because')]
      for (const [k, i] of [0, 2, 3].entries()) {
        controllers[i]!.abort(reasons[k])
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await expect(calls[i]).rejects.toBe(controllers[i]!.signal.reason)
      }
      await giveBack()
      await within(Promise.all([calls[1], calls[4]]), 'those that were not aborted')
      expect(order).toEqual([1, 4])
      expect(isFree(here)).toBe(true)
    })

    test(`${title}: aborting after it was had changes nothing`, async () => {
      const controller = new AbortController()
      const guard = await here.acquireAsync({ signal: controller.signal })
      controller.abort()
      expect(guard.held).toBe(true)
      expect(await other.run(({ state }) => state['there'].tryAcquire())).toBe(null)
      guard.release()
    })

    test(`${title}: a wait that is aborted while it is woken loses nothing for the others`, async () => {
      const more = await meeting.join()
      for (let round = 0; round < 12; round++) {
        await take()
        const controller = new AbortController()
        const mine = here.acquireAsync({ signal: controller.signal }).then(
          (guard) => guard.release(),
          (reason: Error) => expect(reason.name).toBe('AbortError'),
        )
        const theirs = more.run(({ state }) => state['there'].acquire().release())
        await until(isWaitedFor, 'somebody waits')
        const given = giveBack()
        for (let turn = 0; turn < round % 5; turn++) await new Promise(setImmediate)
        controller.abort()
        await within(Promise.all([given, mine, theirs]), 'those who wait')
        expect(isFree(here)).toBe(true)
      }
    })

    /* ---- guards ---------------------------------------------------------------------------------- */

    test(`${title}: a guard releases once, and never a later hold`, async () => {
      const forms: (() => Promise<GuardLike>)[] = [
        () => Promise.resolve(here.acquire()),
        () => here.acquireAsync(),
      ]
      for (const form of forms) {
        const guard = await form()
        expect(guard).toMatchObject({ held: true, abandoned: false })
        guard.release()
        expect(guard.held).toBe(false)
        const later = await form()
        guard.release()
        guard[Symbol.dispose]()
        expect(later.held).toBe(true)
        expect(guard.held).toBe(false)
        expect(isFree(here)).toBe(false)
        later[Symbol.dispose]()
        expect(later.held).toBe(false)
        expect(isFree(here)).toBe(true)
      }
      const stale = here.acquire()
      stale.release()
      await take()
      stale.release() // somebody else holds it now
      expect(isFree(here)).toBe(false)
      await giveBack()
    })

    test(`${title}.release() releases what a blocking form took`, () => {
      const guard = here.acquire()
      here.release()
      expect(isFree(here)).toBe(true)
      expect(guard.held).toBe(!owned)
    })

    test.runIf(owned)(`${title}.release() by anyone but the owner throws`, async () => {
      const notOwner = expect.objectContaining({ code: 'ERR_IPC_NOT_OWNER' })
      const attempt = (): void => here.release()
      await take()
      expect(attempt).toThrow(notOwner)
      expect(isFree(here)).toBe(false)
      await giveBack()
      const guard = here.acquire()
      await expect(other.run(({ state }) => state['there'].release())).rejects.toMatchObject({
        code: 'ERR_IPC_NOT_OWNER',
      })
      expect(guard.held).toBe(true)
      guard.release()
      const taken = await here.acquireAsync()
      expect(attempt).toThrow(notOwner) // the caller could mean another task's hold
      expect(taken.held).toBe(true)
      taken.release()
      expect(isFree(here)).toBe(true)
    })

    /* ---- with ------------------------------------------------------------------------------------- */

    test(`${title}.with() holds it meanwhile, and releases whatever happens`, () => {
      const result = here.with((guard) => {
        expect(guard.held).toBe(true)
        expect(here.tryAcquire()).toBe(null)
        return 'result'
      })
      expect(result).toBe('result')
      expect(isFree(here)).toBe(true)
      const failure = new Error('inside')
      expect(() =>
        here.with(() => {
          throw failure
        }),
      ).toThrow(failure)
      expect(isFree(here)).toBe(true)
      here.with((guard) => guard.release())
      expect(isFree(here)).toBe(true)
    })

    test(`${title}.with() refuses a function that returns a promise`, () => {
      // oxlint-disable-next-line unicorn/no-thenable -- the method must notice it
      for (const thenable of [Promise.resolve(1), { then: () => {} }]) {
        expect(() => here.with(() => thenable)).toThrow(TypeError)
        expect(() => here.with(() => thenable)).toThrow(/withAsync/)
        expect(isFree(here)).toBe(true)
      }
    })

    test(`${title}.withAsync() waits for it, and releases whatever happens`, async () => {
      await take()
      giveBackLater(20)
      const result = await here.withAsync(async (guard) => {
        await delay(1)
        expect(guard.held).toBe(true)
        return 'result'
      })
      expect(result).toBe('result')
      expect(isFree(here)).toBe(true)
      const failure = new Error('inside')
      await expect(here.withAsync(() => Promise.reject(failure))).rejects.toBe(failure)
      expect(isFree(here)).toBe(true)
      const thrown = here.withAsync(() => {
        throw failure
      })
      await expect(thrown).rejects.toBe(failure)
      expect(isFree(here)).toBe(true)
    })

    /* ---- closing, handles, inspection -------------------------------------------------------------- */

    test(`${title}.close() rejects what is pending, and ends the use`, async () => {
      await take()
      const closed = { code: 'ERR_IPC_CLOSED' }
      const pending = [
        here.acquireAsync(),
        here.tryAcquireAsync({ timeoutMs: Infinity }),
        here.withAsync(() => {}),
      ].map((promise) => expect(promise).rejects.toMatchObject(closed))
      await Promise.resolve()
      here.close()
      here.close()
      await Promise.all(pending)
      for (const call of [
        () => here.acquire(),
        () => here.tryAcquire(),
        () => here.release(),
        () => here.with(() => {}),
        () => here.inspect(),
      ]) {
        expect(call).toThrow(expect.objectContaining(closed))
      }
      await expect(here.acquireAsync()).rejects.toMatchObject(closed)
      await expect(here.tryAcquireAsync()).rejects.toMatchObject(closed)
      await expect(here.withAsync(() => {})).rejects.toMatchObject(closed)
      expect(inspect(here)).toContain('closed')
      // The others can still use the object.
      await giveBack()
      await other.run(({ state }) => state['there'].acquire().release())
    })

    test.runIf(owned)(`${title}.close() throws while this thread holds it`, async () => {
      for (const guard of [here.acquire(), null]) {
        const mine = guard ?? (await here.acquireAsync())
        expect(() => here.close()).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
        expect(mine.held).toBe(true)
        mine.release()
        here.acquire().release()
      }
      here.close()
    })

    test(`${title}.from() opens the same one again, in this thread too`, async () => {
      const { Class } = subject
      const again = Class.from(structuredClone(here.handle) as never)
      const guard = again.acquire()
      expect(here.tryAcquire()).toBe(null)
      expect(await other.run(({ state }) => state['there'].tryAcquire())).toBe(null)
      const waiting = here.acquireAsync()
      guard.release()
      ;(await within(waiting, 'the other object of this thread')).release()
      again.close()
      expect(isFree(here)).toBe(true)
      here.acquire().release()
      await take()
      await giveBack()
    })

    test(`${title}.handle is ${placement.scope === 'thread' ? 'cloneable' : 'JSON'}`, () => {
      const { handle } = here
      const copy = placement.scope === 'process' ? JSON.parse(JSON.stringify(handle)) : handle
      expect(copy).toEqual(handle)
      const again = subject.Class.from(copy as never)
      expect(again.handle).toEqual(handle)
      expect(again.scope).toBe(placement.scope)
      expect(again.name).toBe(here.name)
      again.close()
    })

    test(`${title}.inspect() tells the state, and console.log prints it`, async () => {
      const { scope } = placement
      expect(here.inspect()).toMatchObject({ scope, name: here.name, waiting: false })
      await take()
      expect(here.tryAcquire({ timeoutMs: 5 })).toBe(null)
      expect(here.inspect()).toMatchObject({ scope, waiting: true })
      const printed = inspect(here)
      expect(printed).toMatch(new RegExp(`^${subject.Class.name} \\{`))
      expect(printed).toContain(`scope: '${scope}'`)
      expect(printed).toContain(`name: ${inspect(here.name)}`)
      await giveBack()
    })

    /* ---- the event loop ------------------------------------------------------------------------------ */

    test(`${title}: a pending call keeps the event loop alive, an idle object does not`, async () => {
      const waiting = await meeting.join()
      const idle = await meeting.join()
      await idle.run(async ({ state }) => {
        state['there'].acquire().release()
        ;(await state['there'].acquireAsync()).release()
        ;(await state['there'].tryAcquireAsync({ timeoutMs: 5 })).release()
      })
      const guard = here.acquire()
      const pending = waiting.start(async ({ state }) => {
        ;(await state['there'].acquireAsync()).release()
        return 'had it'
      })
      await until(isWaitedFor, 'it waits')
      idle.letGo()
      waiting.letGo()
      expect(await within(idle.exited, 'the end of the idle one')).toMatchObject({ code: 0 })
      await delay(30)
      expect(waiting.alive).toBe(true)
      guard.release()
      expect(await within(pending, 'the pending call')).toBe('had it')
      expect(await within(waiting.exited, 'the end of the other')).toMatchObject({ code: 0 })
    })
  })
}
