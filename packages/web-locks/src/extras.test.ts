import { temporaryDirectory, uniqueName } from '@ipc/testing'
import { readdirSync } from 'node:fs'
import { channel } from 'node:diagnostics_channel'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { locks, openLocks, type Deadlock, type HeldLock } from './index.ts'
import { unlinkLocks } from './table/index.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

const forever = new Promise<never>(() => {})

describe('acquire()', () => {
  test('holds until it is released', async () => {
    const name = uniqueName()
    const lock = await locks.acquire(name)
    expect([lock.name, lock.mode, lock.held]).toEqual([name, 'exclusive', true])
    expect(await locks.acquire(name, { timeoutMs: 0 })).toBe(null)
    expect(await locks.acquire(name, { timeoutMs: 5 })).toBe(null)
    lock.release()
    lock.release()
    expect(lock.held).toBe(false)
    const shared = await locks.acquire(name, { mode: 'shared', timeoutMs: Infinity })
    await shared![Symbol.asyncDispose]()
    expect(shared!.held).toBe(false)
    expect(await locks.request(name, { ifAvailable: true }, (one) => one !== null)).toBe(true)
  })

  test('is told when the lock is stolen', async () => {
    const name = uniqueName()
    const lock = await locks.acquire(name)
    const { signal } = lock
    await locks.request(name, { steal: true }, () => {})
    expect([lock.held, signal.aborted]).toEqual([false, true])
    lock.release() // releases nothing of others
  })

  test('refuses what it does not know', async () => {
    const acquire = locks.acquire.bind(locks) as (...given: unknown[]) => Promise<unknown>
    await expect(acquire('x', { steal: true })).rejects.toThrow('steal')
    await expect(acquire('x', { timeoutMs: Number.NaN })).rejects.toBeInstanceOf(RangeError)
    await expect(acquire(7)).rejects.toBeInstanceOf(TypeError)
    await expect(acquire('-x')).rejects.toMatchObject({ name: 'NotSupportedError' })
    const { signal } = new AbortController()
    const lock = (await acquire('x', { timeoutMs: 0, signal })) as HeldLock
    lock.release()
  })

  test('ends when its signal aborts', async () => {
    const name = uniqueName()
    const lock = await locks.acquire(name)
    const controller = new AbortController()
    const asked = locks.acquire(name, { signal: controller.signal, timeoutMs: 60_000 })
    controller.abort('enough')
    await expect(asked).rejects.toBe('enough')
    lock.release()
  })
})

describe('requestAll()', () => {
  test('calls back when all are granted, in the order of the names', async () => {
    const [a, b, c] = [uniqueName(), uniqueName(), uniqueName()]
    const first = await locks.acquire(b)
    let granted = false
    const all = locks.requestAll([a, b, { name: c, mode: 'shared' }], (each) => {
      granted = true
      return each.map(({ name, mode }) => [name, mode])
    })
    await turn()
    expect(granted).toBe(false)
    expect(locks.inspect().held.map(({ name }) => name)).toEqual([b, a, c])
    first.release()
    expect(await all).toEqual([
      [a, 'exclusive'],
      [b, 'exclusive'],
      [c, 'shared'],
    ])
    expect(await locks.query()).toEqual({ held: [], pending: [] })
  })

  test('cannot wait in a circle, whatever the order of the names', async () => {
    const names = [uniqueName(), uniqueName(), uniqueName()]
    const asked = Array.from({ length: 60 }, (_, i) => {
      const mine = [names[i % 3]!, names[(i * 7 + 1) % 3]!].filter(
        (n, at, all) => all.indexOf(n) === at,
      )
      return locks.requestAll(mine, () => turn(i))
    })
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => i))
  })

  test('gives up all when it is aborted, and keeps the others when one is stolen', async () => {
    const [a, b] = [uniqueName(), uniqueName()]
    const first = await locks.acquire(b)
    const controller = new AbortController()
    const aborted = locks.requestAll([a, b], { signal: controller.signal }, () => {})
    controller.abort('no')
    await expect(aborted).rejects.toBe('no')
    first.release()
    let end!: () => void
    const robbed = locks.requestAll([a, b], () => new Promise<void>((resolve) => (end = resolve)))
    robbed.catch(() => {})
    await turn()
    await locks.request(a, { steal: true }, () => {})
    await expect(robbed).rejects.toMatchObject({ name: 'AbortError' })
    expect(await locks.acquire(b, { timeoutMs: 0 })).toBe(null)
    end()
    await turn()
    expect(await locks.query()).toEqual({ held: [], pending: [] })
  })

  test('refuses duplicates; of no names it calls back at once', async () => {
    await expect(locks.requestAll(['a', 'a'], () => {})).rejects.toBeInstanceOf(TypeError)
    await expect(locks.requestAll([null as never], () => {})).rejects.toBeInstanceOf(TypeError)
    expect(await locks.requestAll([], (all) => all.length)).toBe(0)
  })
})

describe('room', () => {
  test('a full table rejects that request, and nothing else is affected', async () => {
    const small = openLocks('small', { requests: 4 })
    const held = await Promise.all(['a', 'b', 'c', 'd'].map((name) => small.acquire(name)))
    await expect(small.request('e', () => {})).rejects.toMatchObject({ code: 'ERR_IPC_FULL' })
    await expect(small.requestAll(['e', 'f'], () => {})).rejects.toMatchObject({
      code: 'ERR_IPC_FULL',
    })
    expect(await small.request('a', { ifAvailable: true }, (lock) => lock)).toBe(null)
    held[0]!.release()
    await expect(small.requestAll(['e', 'f'], () => {})).rejects.toMatchObject({
      code: 'ERR_IPC_FULL',
    })
    expect(await small.request('e', () => 'room again')).toBe('room again')
    for (const lock of held) lock.release()
    const long = 'x'.repeat(16 * 30 + 1)
    await expect(small.request(long, () => {})).rejects.toMatchObject({ code: 'ERR_IPC_FULL' })
    expect(await small.request(long.slice(1), () => 'fits')).toBe('fits')
    small.close()
  })

  test('names that are used once leave nothing but one file', async () => {
    const many = openLocks('many', { requests: 2 })
    for (let i = 0; i < 10_000; i++) await many.request(`name ${i}`, () => {})
    expect(readdirSync(directory.path).filter((file) => file.includes('many'))).toEqual([
      'weblocks.many',
    ])
    many.close()
  })

  test('other options than those of a table that is in use are refused', () => {
    const one = openLocks('sized', { requests: 10 })
    expect(() => openLocks('sized', { requests: 11 })).toThrow(
      expect.objectContaining({ code: 'ERR_IPC_OPTIONS_MISMATCH' }),
    )
    const same = openLocks('sized')
    same.close()
    one.close()
  })

  test('wrong options are refused', () => {
    expect(() => openLocks('x', { requests: 0 })).toThrow(RangeError)
    expect(() => openLocks('not a name')).toThrow('not a name')
    expect(() => openLocks('x', 5 as never)).toThrow(TypeError)
  })
})

describe('inspect()', () => {
  test('says who holds and who waits', async () => {
    const own = openLocks('inspected')
    const lock = await own.acquire('a')
    const waiting = own.request('a', { mode: 'shared' }, () => {})
    const { held, pending, cycles } = own.inspect()
    const mine = { clientId: held[0]!.clientId, pid: process.pid, threadId: 0, alive: true }
    expect(held).toEqual([{ name: 'a', mode: 'exclusive', ...mine, abandoned: false }])
    expect(pending).toEqual([{ name: 'a', mode: 'shared', ...mine, abandoned: false }])
    expect(cycles).toEqual([])
    lock.release()
    await waiting
    own.close()
  })
})

describe('close()', () => {
  test('rejects what is pending, and everything later', async () => {
    const one = openLocks('closed')
    const two = openLocks('closed')
    const lock = await one.acquire('a')
    const waiting = two.request('a', () => {})
    expect(() => one.close()).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
    two.close()
    two.close()
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_IPC_CLOSED' })
    await expect(two.request('a', () => {})).rejects.toMatchObject({ code: 'ERR_IPC_CLOSED' })
    await expect(two.query()).rejects.toMatchObject({ code: 'ERR_IPC_CLOSED' })
    expect(() => two.inspect()).toThrow(expect.objectContaining({ code: 'ERR_IPC_CLOSED' }))
    lock.release()
    one[Symbol.dispose]()
  })
})

describe('a file that is removed by force', () => {
  test('ends what is pending, and tells those who hold', async () => {
    const own = openLocks('removed')
    const lock = await own.acquire('a')
    const { signal } = lock
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
    const waiting = own.request('a', () => {})
    const running = own.request('b', (held) => (void held.signal, new Promise(() => {})))
    running.catch(() => {})
    await turn()
    expect(unlinkLocks('removed', { force: true })).toBe(true)
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
    await aborted
    expect(signal.reason).toMatchObject({ code: 'ERR_IPC_UNLINKED' })
    await expect(own.request('c', () => {})).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
    expect(await openLocks('removed').request('a', () => 'anew')).toBe('anew')
  })
})

test('types: the standard as lib.dom has it', async () => {
  interface DomLock {
    readonly mode: 'shared' | 'exclusive'
    readonly name: string
  }
  interface DomOptions {
    ifAvailable?: boolean
    mode?: 'shared' | 'exclusive'
    signal?: AbortSignal
    steal?: boolean
  }
  interface DomInfo {
    clientId?: string
    mode?: 'shared' | 'exclusive'
    name?: string
  }
  interface DomManager {
    query(): Promise<{ held?: DomInfo[]; pending?: DomInfo[] }>
    request<T>(name: string, callback: (lock: DomLock | null) => T): Promise<Awaited<T>>
    request<T>(
      name: string,
      options: DomOptions,
      callback: (lock: DomLock | null) => T,
    ): Promise<Awaited<T>>
  }
  const dom: DomManager = locks
  expect(await dom.request('typed', { mode: 'shared' }, (lock) => lock?.mode)).toBe('shared')
  const callback = (lock: DomLock | null): string | undefined => lock?.name
  const options: DomOptions = { steal: true }
  expect(await locks.request('typed', options, callback)).toBe('typed')
})

test('a circle of two threads is published on ipc:deadlock', async () => {
  const { startWorkerThatHolds } = await import('./fixtures/circle.mjs')
  const published = new Promise<Deadlock>((resolve) =>
    channel('ipc:deadlock').subscribe((message) => resolve(message as Deadlock)),
  )
  const mine = await locks.acquire('circle a')
  const worker = await startWorkerThatHolds('circle b', 'circle a')
  const waiting = locks.request('circle b', () => forever)
  waiting.catch(() => {})
  const { names, cycle } = await published
  expect(names).toEqual(['circle b'])
  expect(cycle).toHaveLength(2)
  expect(locks.inspect().cycles).toHaveLength(1)
  mine.release()
  await worker.terminate()
})
