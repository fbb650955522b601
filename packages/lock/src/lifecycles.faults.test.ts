/** Processes and threads that come and go in masses, and files that go before their users. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
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
import { Lock } from './lock.ts'

const FIXTURE = new URL('fixtures/lifecycles.mjs', import.meta.url)

let company: Company

beforeEach(() => {
  company = new Company(FIXTURE, { rechecks: false })
  process.env['IPC_DIR'] = company.directory
})

afterEach(async () => {
  await company.end()
})

const parks = (actor: Actor): boolean =>
  threadsNamed(actor.pid, 'ipc-parker').some((tid) => blocksInFutex(actor.pid, tid))

async function hire(name = 'it'): Promise<Actor> {
  const actor = await company.hire()
  await actor.call('open', name)
  return actor
}

interface Leaks {
  readonly descriptors: number
  readonly mappings: number
  readonly threads: number
}

interface Turn {
  readonly abandoned: boolean
  readonly at: number
}

async function sendToSleep(actor: Actor, async = false): Promise<{ turn: Promise<Turn> }> {
  const turn = actor.call('pass', async) as Promise<Turn>
  turn.catch(() => {})
  await until(`process ${actor.pid} sleeps`, () => (async ? parks(actor) : actor.asleep))
  return { turn }
}

describe('short-lived processes that open, lock, wait, and die at random', () => {
  const lives = NIGHTLY ? 10_000 : 500

  test(`${lives} of them leave no file, no place in the registry, and no leak in who outlives them`, async () => {
    const witness = await hire('life-0')
    const { threads: _some, ...before } = (await witness.call('leaks')) as Leaks
    const living = new Set<Promise<void>>()
    const ways: Record<string, number> = {}
    for (let i = 0; i < lives; i++) {
      const life = (async () => {
        const actor = await company.hire()
        const lived = actor.call('live', i)
        lived.catch(() => {})
        const way = i % 4
        if (way === 0) await actor.kill()
        else if (way === 1) await delay(Math.random() * 10).then(() => actor.kill())
        else {
          await within('its life', lived)
          if (way === 2) actor.tell('exitNow')
          else await actor.kill()
        }
        const { code, signal } = await within('its end', actor.exited)
        const end = signal ?? String(code)
        ways[end] = (ways[end] ?? 0) + 1
      })()
      living.add(life)
      void life.finally(() => living.delete(life))
      if (living.size >= 4) await Promise.race(living)
    }
    await Promise.all(living)
    process.stdout.write(`  how they ended: ${JSON.stringify(ways)}\n`)
    expect(Object.keys(ways).toSorted()).toEqual(['0', 'SIGKILL'])

    // The next process to open sweeps; files with a name stay.
    const next = await hire('life-1')
    const files = readdirSync(company.directory)
    expect(files.filter((file) => !/^lock\.life-[0-5]$/.test(file))).toEqual(['.registry'])
    expect(await next.call('slots')).toEqual({ alive: 2, unusable: 0 })
    for (let i = 0; i < 6; i++) {
      await next.call('open', `life-${i}`)
      await within('a name that is of use', next.call('pass'))
    }
    expect(await witness.call('leaks')).toMatchObject(before)
  }, 1_800_000)

  test('many more than one process can watch at once (150): the death of the owner is seen all the same', async () => {
    const waiters = await company.hireMany(4)
    const crowd = await hire() // first, so that the others come behind those that are watched
    await crowd.call('openManyTimes', 'lock.it', 150)
    const owner = await hire()
    await Promise.all(waiters.map((actor) => actor.call('open', 'it')))
    const times: number[] = []
    for (let i = 0; i < 10; i++) {
      const doomed = i === 0 ? owner : await hire()
      await doomed.call('take')
      const turns: Promise<Turn>[] = []
      for (const [n, waiter] of waiters.entries()) {
        turns.push((await sendToSleep(waiter, n === 3)).turn)
      }
      const start = clock()
      void doomed.kill()
      const results = await within('the waiters', Promise.all(turns))
      times.push(Math.min(...results.map(({ at }) => at)) - start)
      expect(results.filter(({ abandoned }) => abandoned)).toHaveLength(1)
    }
    figures('kill -9 of the owner behind more than 150 openers until the next owner', times)
  }, 120_000)
})

describe('before Linux 5.16 (no futex_waitv)', () => {
  test('waits are woken, and deaths are seen', async () => {
    const waiters = await Promise.all([hire(), hire(), hire()])
    await Promise.all(waiters.map((actor) => actor.call('withoutWaitv')))
    const times: number[] = []
    const handovers: number[] = []
    for (let i = 0; i < 20; i++) {
      const owner = await hire()
      await owner.call('take')
      const turns: Promise<Turn>[] = []
      for (const [n, waiter] of waiters.entries()) {
        turns.push((await sendToSleep(waiter, n === 2)).turn)
      }
      const dies = i % 2 === 0
      const start = dies ? clock() : ((await owner.call('giveBack')) as number)
      if (dies) void owner.kill()
      const results = await within('the waiters', Promise.all(turns))
      ;(dies ? times : handovers).push(Math.min(...results.map(({ at }) => at)) - start)
      expect(results.filter(({ abandoned }) => abandoned)).toHaveLength(dies ? 1 : 0)
      if (!dies) await owner.kill()
    }
    figures('without futex_waitv: kill -9 of the owner until the next owner', times)
    figures('without futex_waitv: release until the next owner', handovers)
  }, 60_000)
})

describe('a file that goes before its users', () => {
  for (const async of [false, true]) {
    const who = async ? 'an asynchronous' : 'a blocking'
    test(`unlink({ force: true }): ${who} wait throws ERR_IPC_UNLINKED, and so does the next; the owner may release`, async () => {
      const owner = await hire()
      const waiter = await hire()
      await owner.call('take')
      const codes = waiter.call('waitInVain', async)
      await until('it sleeps', () => (async ? parks(waiter) : waiter.asleep))
      expect(() => Lock.unlink('it')).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
      const start = clock()
      expect(Lock.unlink('it', { force: true })).toBe(true)
      expect(await within('the wait', codes)).toEqual(['ERR_IPC_UNLINKED', 'ERR_IPC_UNLINKED'])
      process.stdout.write(`  figure: told after ${(clock() - start).toFixed(1)} ms\n`)
      await owner.call('giveBack')
      const again = Lock.open('it')
      expect(again.tryAcquire()).toMatchObject({ abandoned: false })
      again.release()
      again.close()
    })

    test(`rm: ${who} wait that comes afterwards throws ERR_IPC_UNLINKED`, async () => {
      const owner = await hire()
      const waiter = await hire()
      await owner.call('take')
      rmSync(join(company.directory, 'lock.it'))
      const codes = (await within('the waits', waiter.call('waitInVain', async))) as string[]
      expect(codes).toContain('ERR_IPC_UNLINKED')
      expect(codes).not.toContain('had it')
    })
  }
})

describe('eight workers that open, take, wait for and close the same names, terminated at random', () => {
  const rounds = NIGHTLY ? 5000 : 200

  test(`${rounds} of them: the process does not crash, nothing leaks, and every name is of use`, async () => {
    const process = await hire()
    const names = ['w0', 'w1', 'w2']
    await within('a first round', process.call('terminateWorkers', 16, names), 60_000)
    const before = (await process.call('leaks')) as Leaks
    expect(
      await within('the rounds', process.call('terminateWorkers', rounds, names), 600_000),
    ).toBe(0)
    const after = (await process.call('leaks')) as Leaks
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors)
    expect(after.threads).toBeLessThanOrEqual(before.threads + 2)
    expect(after.mappings).toBeLessThanOrEqual(before.mappings)
    const slots = (await process.call('slots')) as { alive: number; unusable: number }
    expect(slots.unusable).toBe(0)
    expect(slots.alive).toBeLessThanOrEqual(3) // its main thread and its parking threads
    for (const name of names) {
      const lock = Lock.open(name)
      const guard = lock.tryAcquire({ timeoutMs: 10_000 })
      if (guard === null) throw new Error(`${name} cannot be had any more`)
      guard.release()
      lock.close()
    }
    expect(await within('its end', process.letGo())).toEqual({ code: 0, signal: null })
  }, 900_000)
})
