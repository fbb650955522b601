/**
 * Owners and waiters are killed, terminated, stopped, or end without a word: who gets the lock, and
 * when. The figures are printed, not asserted. Where the slow look at the words (every 240 ms) must
 * not be what helps, nobody looks: a wake that is missing then leaves somebody asleep.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  Company,
  NIGHTLY,
  blocksInFutex,
  clock,
  figures,
  threadsNamed,
  until,
  within,
  type Actor,
} from '../../core/src/fixtures/actors.mjs'

const FIXTURE = new URL('fixtures/recovery.mjs', import.meta.url)

interface Turn {
  readonly abandoned: boolean
  readonly at: number
}

let company: Company

/** For the tests of a describe(). */
function useCompany({ rechecks }: { rechecks: boolean }): void {
  beforeEach(() => {
    company = new Company(FIXTURE, { ahead: 2, rechecks })
  })
  afterEach(async () => {
    await company.end()
  })
}

async function hire(): Promise<Actor> {
  const actor = await company.hire()
  await actor.call('open')
  return actor
}

async function call<T = Turn>(actor: Actor, name: string, ...args: unknown[]): Promise<T> {
  return (await within(`${name} in process ${actor.pid}`, actor.call(name, ...args))) as T
}

const parks = (actor: Actor): boolean =>
  threadsNamed(actor.pid, 'ipc-parker').some((tid) => blocksInFutex(actor.pid, tid))

/** Sends it into a wait; it sleeps there on return. */
async function sendToSleep(actor: Actor, async = false): Promise<{ turn: Promise<Turn> }> {
  const turn = actor.call('pass', async) as Promise<Turn>
  turn.catch(() => {})
  await until(`process ${actor.pid} sleeps`, () => (async ? parks(actor) : actor.asleep))
  return { turn }
}

/** How many threads of a process sleep in a wait for futexes, however they came to it. */
const waitsForMany = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).filter((tid) => blocksInFutex(pid, tid)).length

const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.charAt(0)

describe('kill -9', () => {
  useCompany({ rechecks: false })

  test('of the owner: one of five others has the lock, told that it was abandoned; then the others', async () => {
    const waiters = await Promise.all([1, 2, 3, 4, 5].map(hire))
    const times: number[] = []
    for (let i = 0; i < (NIGHTLY ? 500 : 50); i++) {
      const owner = await hire()
      await call(owner, 'take')
      const turns: Promise<Turn>[] = []
      for (const [n, waiter] of waiters.entries()) {
        turns.push((await sendToSleep(waiter, n >= 3)).turn)
      }
      await company.quiet()
      const start = clock()
      void owner.kill()
      const results = await within('all five', Promise.all(turns))
      times.push(Math.min(...results.map(({ at }) => at)) - start)
      expect(results.filter(({ abandoned }) => abandoned)).toHaveLength(1)
    }
    figures('kill -9 of the owner until the next owner', times)
  }, 180_000)

  test('of the successor that was just woken: those who sleep on its predecessor get the lock', async () => {
    const first = await hire()
    const last = await hire()
    const times: number[] = []
    const told: boolean[] = []
    for (let i = 0; i < (NIGHTLY ? 300 : 100); i++) {
      const successor = await hire()
      await call(first, 'take')
      const taken = successor.call('take') as Promise<Turn>
      taken.catch(() => {})
      await until('the successor sleeps', () => successor.asleep)
      const { turn } = await sendToSleep(last)
      await call(first, 'giveBack')
      // A waiter that comes back from a slow look queues up behind the other, so either may be woken.
      const winner = await within('either', Promise.race([taken.then(() => 'taken'), turn]))
      if (winner === 'taken') {
        const start = clock()
        void successor.kill()
        const result = await within('the last', turn)
        times.push(result.at - start)
        told.push(result.abandoned)
      } else {
        await within('the successor', taken)
        await successor.kill()
        told.push((await call(last, 'pass')).abandoned)
      }
    }
    figures('kill -9 of a woken successor until the next owner', times)
    expect(told).not.toContain(false)
  }, 180_000)

  for (const what of ['wait', 'wait async']) {
    test(`of a process whose other thread may have been given the wake of its death (${what}): others get the lock`, async () => {
      const last = await hire()
      const times: number[] = []
      for (let i = 0; i < (NIGHTLY ? 300 : 50); i++) {
        const owner = await hire()
        await call(owner, 'take')
        const idle = waitsForMany(owner.pid)
        await call(owner, 'startWorker', 'sibling', what)
        await until('the sibling sleeps', () =>
          what === 'wait' ? waitsForMany(owner.pid) > idle : parks(owner),
        )
        const { turn } = await sendToSleep(last)
        const start = clock()
        void owner.kill()
        const result = await within('the other process', turn)
        times.push(result.at - start)
        expect(result.abandoned).toBe(true)
        await owner.exited
      }
      figures(`kill -9 of owner and sleeping sibling (${what}) until the next owner`, times)
    }, 180_000)
  }
})

describe('an owner that ends without releasing', () => {
  useCompany({ rechecks: false })
  const times = NIGHTLY ? 100 : 15

  for (const how of ['own', 'own busily']) {
    test(`a terminated worker (${how}): another process has its lock`, async () => {
      const process = await hire()
      const other = await hire()
      const ms: number[] = []
      for (let i = 0; i < times; i++) {
        await call(process, 'startWorker', `owner ${i}`, how)
        const { turn } = await sendToSleep(other)
        const { start } = await call<{ start: number }>(process, 'terminate', `owner ${i}`)
        const result = await within('the other', turn)
        ms.push(result.at - start)
        expect(result.abandoned).toBe(true)
      }
      figures(`terminate() of an owner (${how}) until another process has its lock`, ms)
    }, 60_000)

    test(`a terminated worker (${how}): another thread has its lock`, async () => {
      const process = await hire()
      const ms: number[] = []
      for (let i = 0; i < times; i++) {
        await call(process, 'startWorker', `owner ${i}`, how, 'thread')
        const result = await call<{ ms: number; abandoned: boolean }>(
          process,
          'outlive',
          `owner ${i}`,
        )
        ms.push(result.ms)
        expect(result.abandoned).toBe(true)
      }
      figures(`terminate() of an owner (${how}) until another thread has its lock`, ms)
    }, 60_000)
  }

  for (const how of ['exitNow', 'comeToAnEnd']) {
    for (const take of ['take', 'takeAsync']) {
      test(`a process after ${take} that ends by ${how}: the next owner is told`, async () => {
        const owner = await hire()
        const other = await hire()
        await call(owner, take)
        const { turn } = await sendToSleep(other)
        owner.tell(how)
        expect((await within('the other', turn)).abandoned).toBe(true)
        expect(await owner.exited).toEqual({ code: 0, signal: null })
        expect((await call(other, 'pass')).abandoned).toBe(false)
      })

      test(`the same before anyone waits: the next owner is told (${take}, ${how})`, async () => {
        const owner = await hire()
        const other = await hire()
        await call(owner, take)
        owner.tell(how)
        await within('its end', owner.exited)
        expect((await call(other, 'pass')).abandoned).toBe(true)
        expect((await call(other, 'pass')).abandoned).toBe(false)
      })
    }
  }
})

describe('SIGSTOP', () => {
  useCompany({ rechecks: true }) // a lock that a stopped process was given comes back in no other way

  test('of the owner for five seconds: nobody else gets the lock, and SIGCONT goes on', async () => {
    const owner = await hire()
    const waiter = await hire()
    const asyncWaiter = await hire()
    await call(owner, 'take')
    const first = await sendToSleep(waiter)
    const second = await sendToSleep(asyncWaiter, true)
    let taken = 0
    for (const { turn } of [first, second]) void turn.then(() => taken++)
    void owner.kill('SIGSTOP')
    await delay(5000)
    expect(taken).toBe(0)
    void owner.kill('SIGCONT')
    const at = await call<number>(owner, 'giveBack')
    for (const { turn } of [first, second]) {
      const result = await within('a waiter', turn)
      expect(result.abandoned).toBe(false)
      expect(result.at).toBeGreaterThanOrEqual(at - 50)
    }
  })

  for (const async of [false, true]) {
    for (const reserved of [false, true]) {
      const who = `${async ? 'an asynchronous' : 'a blocking'} waiter${reserved ? ' for whom the lock is reserved' : ''}`
      test(`of ${who} that is given the wake: another gets the lock`, async () => {
        const owner = await hire()
        const stopped = await hire()
        const other = await hire()
        const ms: number[] = []
        for (let i = 0; i < 5; i++) {
          await call(owner, 'take')
          if (reserved) await call(stopped, 'reserveForMe')
          const first = await sendToSleep(stopped, async)
          void stopped.kill('SIGSTOP')
          await until('it is stopped', () => stateOf(stopped.pid) === 'T')
          const second = await sendToSleep(other)
          const start = await call<number>(owner, 'giveBack')
          const result = await within('the other', second.turn)
          ms.push(result.at - start)
          expect(result.abandoned).toBe(false)
          void stopped.kill('SIGCONT')
          await within('the one that was stopped', first.turn)
        }
        figures(`release to ${who} that is stopped, until another has the lock`, ms)
      })
    }
  }

  test('of a waiter that was given the wake: another gets the lock after a slow look', async () => {
    const owner = await hire()
    const stopped = await hire()
    const other = await hire()
    const ms: number[] = []
    for (let i = 0; i < 5; i++) {
      await call(owner, 'take')
      const turn = stopped.call('passAfterAStop')
      await until('it sleeps', () => stopped.asleep)
      const { turn: second } = await sendToSleep(other)
      const start = await call<number>(owner, 'giveBack')
      const result = await within('the other', second)
      ms.push(result.at - start)
      expect(result.abandoned).toBe(false)
      await until('the first is stopped', () => stateOf(stopped.pid) === 'T')
      void stopped.kill('SIGCONT')
      expect(await within('the one that was stopped', turn)).toMatchObject({ abandoned: false })
    }
    figures('release that wakes a waiter which stops at once, until another has the lock', ms)
  })
})

describe('a worker that blocks in acquire() for ever', () => {
  useCompany({ rechecks: true }) // only between two sleeps can a thread end

  for (const scope of ['process', 'thread']) {
    test(`terminate() ends it (${scope} scope)`, async () => {
      const owner = await hire()
      const process = await hire()
      await call(owner, 'take')
      if (scope === 'thread') await call(process, 'startWorker', 'owner', 'own', scope)
      const ms: number[] = []
      for (let i = 0; i < 7; i++) {
        const idle = waitsForMany(process.pid)
        await call(process, 'startWorker', `waiter ${i}`, 'wait', scope)
        await until('it sleeps', () => waitsForMany(process.pid) > idle)
        await delay(i * 40) // at various times between two looks
        const { start, end } = await call<{ start: number; end: number }>(
          process,
          'terminate',
          `waiter ${i}`,
        )
        ms.push(end - start)
      }
      expect(await call(owner, 'giveBack')).toBeGreaterThan(0)
      figures(`terminate() of a worker that blocks in acquire(), ${scope} scope`, ms)
    })

    test(`process.exit() ends it (${scope} scope)`, async () => {
      const owner = await hire()
      await call(owner, 'take')
      const ms: number[] = []
      for (let i = 0; i < 7; i++) {
        const process = await hire()
        if (scope === 'thread') await call(process, 'startWorker', 'owner', 'own', scope)
        const idle = waitsForMany(process.pid)
        await call(process, 'startWorker', 'waiter', 'wait', scope)
        await until('it sleeps', () => waitsForMany(process.pid) > idle)
        await delay(i * 40)
        const start = clock()
        process.tell('exitNow', 7)
        expect(await within('its end', process.exited)).toEqual({ code: 7, signal: null })
        ms.push(clock() - start)
      }
      figures(`process.exit() while a worker blocks in acquire(), ${scope} scope`, ms)
    })
  }
})

describe('a main thread that is busy while an async call of its is pending', () => {
  useCompany({ rechecks: false })

  test('does not keep another process waiting for a free lock', async () => {
    const owner = await hire()
    const busy = await hire()
    const other = await hire()
    const ms: number[] = []
    for (let i = 0; i < (NIGHTLY ? 20 : 4); i++) {
      await call(owner, 'take')
      await call(busy, 'wish')
      await until('it parks', () => parks(busy))
      const end = busy.call('beBusy')
      await delay(50)
      const { turn } = await sendToSleep(other)
      const start = await call<number>(owner, 'giveBack')
      const result = await within('the other', turn)
      ms.push(result.at - start)
      expect(result.abandoned).toBe(false)
      await call(other, 'endBusyness')
      await within('the busy one', end)
    }
    figures('release to a busy main thread until another process has the lock', ms)
  }, 60_000)
})
