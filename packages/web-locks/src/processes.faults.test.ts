/** Processes as clients, some of them killed or stopped. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Company, until, within, type Actor } from '../../core/src/fixtures/actors.mjs'
import { openLocks, type LockManager } from './index.ts'

const FIXTURE = new URL('fixtures/client.mjs', import.meta.url)

interface Granted {
  readonly got: boolean
  readonly abandoned: boolean
}

let company: Company
let locks: LockManager
const directoryBefore = process.env['IPC_DIR']
beforeAll(() => {
  company = new Company(FIXTURE, { ahead: 3 })
  process.env['IPC_DIR'] = company.directory
  locks = openLocks('stage')
})
afterAll(async () => {
  await company.end()
  process.env['IPC_DIR'] = directoryBefore
})

let ids = 0

/** A request of another process. */
class Asked {
  readonly #actor: Actor
  readonly id = ++ids

  constructor(actor: Actor) {
    this.#actor = actor
  }

  static async of(actor: Actor, name: string, options: object = {}): Promise<Asked> {
    const asked = new Asked(actor)
    await actor.call('ask', asked.id, name, options)
    return asked
  }

  get granted(): Promise<Granted> {
    return within(
      `request ${this.id} is granted`,
      this.#actor.call('granted', this.id) as Promise<Granted>,
    )
  }

  release(): Promise<unknown> {
    return within(`request ${this.id} is over`, this.#actor.call('release', this.id))
  }

  abort(): Promise<unknown> {
    return this.#actor.call('abort', this.id)
  }

  get failure(): Promise<unknown> {
    return within(`request ${this.id} fails`, this.#actor.call('failure', this.id))
  }

  lost(): Promise<unknown> {
    return this.#actor.call('lost', this.id)
  }
}

const isPending = async (name: string, count: number): Promise<boolean> =>
  locks.inspect().pending.filter((one) => one.name === name).length === count

async function pending(name: string, count: number): Promise<void> {
  await until(`${count} wait for ${name}`, () => isPending(name, count))
}

describe('processes', () => {
  test('are granted in the order in which they asked', async () => {
    const [a, b] = await company.hireMany(2)
    const first = await Asked.of(a!, 'order')
    await first.granted
    const asked = [
      await Asked.of(b!, 'order'),
      await Asked.of(a!, 'order'),
      await Asked.of(b!, 'order'),
    ]
    const order: number[] = []
    for (const [i, one] of asked.entries()) void one.granted.then(() => order.push(i))
    await first.release()
    for (const one of asked) {
      await one.granted
      await one.release()
    }
    expect(order).toEqual([0, 1, 2])
    await Promise.all([a!.kill(), b!.kill()])
  })

  test('see the same ids of clients', async () => {
    const [a, b] = await company.hireMany(2)
    const one = await Asked.of(a!, 'ids')
    await one.granted
    await Asked.of(b!, 'ids')
    await pending('ids', 1)
    const here = await locks.query()
    expect(await a!.call('query')).toEqual(here)
    expect(await b!.call('query')).toEqual(here)
    expect(here.held[0]!.clientId).toMatch(new RegExp(`^${a!.pid}-0-`))
    expect(here.pending[0]!.clientId).toMatch(new RegExp(`^${b!.pid}-0-`))
    await Promise.all([a!.kill(), b!.kill()])
  })

  test('a robbed one is told who robbed it, also while it only holds', async () => {
    const [a] = await company.hireMany(1)
    const robbed = await Asked.of(a!, 'robbed')
    await robbed.granted
    const waiting = await Asked.of(a!, 'robbed')
    await locks.request('robbed', { steal: true }, async () => {
      expect(await robbed.failure).toMatchObject({
        name: 'AbortError',
        message: expect.stringContaining(`stolen by process ${process.pid}, thread 0`) as string,
      })
      expect(await robbed.lost()).toMatchObject({ name: 'AbortError' })
    })
    expect((await waiting.granted).abandoned).toBe(false)
    await a!.kill()
  })

  test('one that only waits is kept alive, one that only holds is not', async () => {
    const [a, b] = await company.hireMany(2)
    const lock = await locks.acquire('alive')
    const waiting = await Asked.of(a!, 'alive')
    await (
      await Asked.of(b!, 'held')
    ).granted
    const ended = b!.letGo()
    void a!.letGo()
    expect(await within('the holder ends', ended)).toMatchObject({ code: 0 })
    await delay(50)
    expect(a!.gone).toBe(false)
    lock.release()
    void waiting
    await within('the waiter was served, and ends', a!.exited)
    const next = await locks.acquire('alive')
    next.release()
  })
})

describe('a death', () => {
  test('of the holder: the next in order has it, and is told, once', async () => {
    const [a, b] = await company.hireMany(2)
    await (
      await Asked.of(a!, 'death')
    ).granted
    const next = await Asked.of(b!, 'death')
    const later = locks.acquire('death')
    await pending('death', 2)
    await a!.kill()
    expect(await next.granted).toMatchObject({ got: true, abandoned: true })
    await next.release()
    const mine = await within('the last is served', later)
    expect(mine.abandoned).toBe(false)
    mine.release()
    await b!.kill()
  })

  test('of the holder while nobody waits: the next has it, also if it asks only if available', async () => {
    for (const options of [
      {},
      { ifAvailable: true },
      { steal: true },
      { mode: 'shared' as const },
    ]) {
      const [a] = await company.hireMany(1)
      await (
        await Asked.of(a!, 'alone')
      ).granted
      await a!.kill()
      const told = (): Promise<boolean | undefined> =>
        locks.request('alone', options, (lock) => lock?.abandoned)
      expect((await locks.query()).held).toEqual([])
      expect(await within('the lock is had', told())).toBe(true)
      expect(await told()).toBe(false)
    }
  })

  test('is told by one who is told and dies, too', async () => {
    const [a, b] = await company.hireMany(2)
    await (
      await Asked.of(a!, 'twice')
    ).granted
    const next = await Asked.of(b!, 'twice')
    await pending('twice', 1)
    await a!.kill()
    expect((await next.granted).abandoned).toBe(true)
    await b!.kill()
    expect(await locks.request('twice', (lock) => lock.abandoned)).toBe(true)
  })

  test('of one who shares: its share goes, the others stay, and nobody is told', async () => {
    const [a, b] = await company.hireMany(2)
    const options = { mode: 'shared' }
    await (
      await Asked.of(a!, 'shared', options)
    ).granted
    const other = await Asked.of(b!, 'shared', options)
    await other.granted
    const mine = locks.acquire('shared')
    await pending('shared', 1)
    await a!.kill()
    await until('one share is left', async () => {
      const { held } = await locks.query()
      return held.filter(({ name }) => name === 'shared').length === 1
    })
    expect(await isPending('shared', 1)).toBe(true)
    await other.release()
    const lock = await within('it is had', mine)
    expect(lock.abandoned).toBe(false)
    lock.release()
    await b!.kill()
  })

  test('of one that waits: those behind it go in at once, and query() does not show it', async () => {
    const [a, b] = await company.hireMany(2)
    const share = await locks.acquire('waiter', { mode: 'shared' })
    await Asked.of(a!, 'waiter')
    await pending('waiter', 1)
    const behind = await Asked.of(b!, 'waiter', { mode: 'shared' })
    await pending('waiter', 2)
    await a!.kill()
    expect((await behind.granted).got).toBe(true)
    const { pending: left } = await locks.query()
    expect(left.filter(({ name }) => name === 'waiter')).toEqual([])
    share.release()
    await b!.kill()
  })

  test('of a worker that is terminated is one, too', async () => {
    const code = `
      const { parentPort } = require('node:worker_threads')
      const { openLocks } = require('@ipc/web-locks')
      openLocks('stage').request('worker', () => {
        parentPort.postMessage('has it')
        return new Promise(() => {})
      })`
    const worker = new Worker(code, { eval: true })
    await new Promise((resolve) => worker.once('message', resolve))
    const next = locks.acquire('worker')
    await pending('worker', 1)
    await worker.terminate()
    const lock = await within('the next has it', next)
    expect(lock.abandoned).toBe(true)
    lock.release()
  })
})

describe('a process that is stopped', () => {
  test('keeps what it holds, unless it is stolen', async () => {
    const [a] = await company.hireMany(1)
    const held = await Asked.of(a!, 'stopped')
    await held.granted
    process.kill(a!.pid, 'SIGSTOP')
    expect(await locks.acquire('stopped', { timeoutMs: 50 })).toBe(null)
    expect(await locks.request('stopped', { steal: true }, () => 'stolen')).toBe('stolen')
    process.kill(a!.pid, 'SIGCONT')
    expect(await held.failure).toMatchObject({ name: 'AbortError' })
    await a!.kill()
  })

  test('while it waits is granted in its turn', async () => {
    const [a] = await company.hireMany(1)
    const lock = await locks.acquire('turn')
    const waiting = await Asked.of(a!, 'turn')
    await pending('turn', 1)
    process.kill(a!.pid, 'SIGSTOP')
    lock.release()
    expect(await locks.acquire('turn', { timeoutMs: 50 })).toBe(null)
    process.kill(a!.pid, 'SIGCONT')
    expect((await waiting.granted).got).toBe(true)
    await a!.kill()
  })

  test('inside the mutex blocks no event loop, and its death is repaired', async () => {
    const [a] = await company.hireMany(1)
    const before = await locks.acquire('outside')
    await a!.call('stayInside')
    const order: string[] = []
    const asked = locks.request('inside', () => order.push('granted'))
    const aborted = locks.request('x', { signal: AbortSignal.timeout(20) }, () => {})
    before.release()
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' })
    await delay(20)
    expect(order).toEqual([])
    expect(locks.inspect().held.map(({ name }) => name)).toContain('outside')
    await a!.kill()
    await within('the request is granted', asked)
    expect(order).toEqual(['granted'])
    const { held } = await locks.query()
    expect(held.filter(({ name }) => name === 'outside' || name === 'x')).toEqual([])
  })
})
