import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as delay } from 'node:timers/promises'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { SharedMemory } from '@ipc/core'
import {
  startProcess,
  startWorker,
  stopAll,
  temporaryDirectory,
  uniqueName,
  until,
  within,
  type Contender,
} from '@ipc/testing'
import { acquirableLaws } from '@ipc/testing/laws'
import { afterAll, describe, expect, test } from 'vitest'
import { Lock } from './lock.ts'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

acquirableLaws<Lock>(
  {
    Class: Lock,
    construct: () => new Lock(),
    memory: (byteLength) => SharedMemory.create({ byteLength }),
    unit: import.meta.resolve('@ipc/lock'),
  },
  { title: 'Lock', owned: true, isFree: (lock) => !lock.locked },
)

/* ---- what only locks do ------------------------------------------------------------------------ */

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly unit: any
}

const modules = { unit: import.meta.resolve('@ipc/lock') }
const code = (value: string): unknown => expect.objectContaining({ code: value })

describe.each([
  ['in thread scope', (): Lock => new Lock()],
  ['in process scope', (): Lock => Lock.open(uniqueName())],
] as const)('Lock %s', (_where, make) => {
  test('Lock.acquire() without end by the holder itself is a deadlock', async () => {
    const lock = make()
    for (const guard of [lock.acquire(), await delay(0)]) {
      const hold = guard ?? (await lock.acquireAsync())
      expect(() => lock.acquire()).toThrow(code('ERR_IPC_DEADLOCK'))
      expect(() => lock.tryAcquire({ timeoutMs: Infinity })).toThrow(code('ERR_IPC_DEADLOCK'))
      expect(() => lock.with(() => {})).toThrow(code('ERR_IPC_DEADLOCK'))
      expect(hold.held).toBe(true)
      expect(lock.tryAcquire()).toBe(null)
      const start = performance.now()
      expect(lock.tryAcquire({ timeoutMs: 30 })).toBe(null) // waits its time out
      expect(performance.now() - start).toBeGreaterThanOrEqual(30)
      hold.release()
      expect(lock.locked).toBe(false)
    }
    lock.close()
  })

  test('Lock.acquireAsync() behind a hold of the same thread has it when that ends', async () => {
    const lock = make()
    const guard = lock.acquire()
    const next = [lock.acquireAsync(), lock.tryAcquireAsync({ timeoutMs: 20_000 })] as const
    lock.release()
    expect(guard.held).toBe(false)
    const second = await within(next[0], 'the second')
    expect(lock.locked).toBe(true)
    expect(() => lock.release()).toThrow(code('ERR_IPC_NOT_OWNER'))
    second.release()
    ;(await within(next[1], 'the third'))!.release()
    expect(lock.locked).toBe(false)
    lock.close()
  })

  test('Lock.release() of a free lock throws', () => {
    const lock = make()
    expect(() => lock.release()).toThrow(code('ERR_IPC_NOT_OWNER'))
    expect(() => lock.release()).toThrow(/nobody holds it/)
    lock.acquire().release()
    expect(() => lock.release()).toThrow(code('ERR_IPC_NOT_OWNER'))
    lock.close()
  })

  test('Lock.inspect() names the owner', async () => {
    const lock = make()
    expect(lock.inspect()).toMatchObject({ kind: 'lock', locked: false, owner: null })
    const guard = lock.acquire()
    const owner = { pid: process.pid, threadId: 0, alive: true }
    expect(lock.inspect()).toMatchObject({ locked: true, owner })
    guard.release()
    const other = await startWorker<Modules>({ modules })
    await other.run(({ unit, state }, handle) => {
      state['guard'] = unit.Lock.from(handle).acquire()
    }, lock.handle)
    expect(lock.inspect().owner).toMatchObject({ threadId: other.threadId, alive: true })
    expect(() => lock.release()).toThrow(new RegExp(`pid ${process.pid}, thread ${other.threadId}`))
    await other.run(({ state }) => state['guard'].release())
    lock.close()
  })
})

test('Lock.from() of two copies of one SharedArrayBuffer in a thread makes nobody wait for ever', async () => {
  const lock = new Lock()
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(lock.handle)
  const copy = Lock.from(receiveMessageOnPort(port2)!.message)
  port1.close()
  const guard = lock.acquire()
  expect(() => copy.acquire()).toThrow(code('ERR_IPC_DEADLOCK'))
  expect(copy.tryAcquire()).toBe(null)
  const waiting = copy.acquireAsync()
  await delay(5)
  guard.release()
  ;(await within(waiting, 'the copy')).release()
  expect(lock.locked).toBe(false)
})

test('Lock.open() twice in one thread shares the hold', () => {
  const name = uniqueName()
  const [one, two] = [Lock.open(name), Lock.open(name)]
  const guard = one.acquire()
  expect(two.tryAcquire()).toBe(null)
  expect(() => two.acquire()).toThrow(code('ERR_IPC_DEADLOCK'))
  two.close()
  expect(guard.held).toBe(true)
  const three = Lock.open(name)
  expect(() => three.acquire()).toThrow(code('ERR_IPC_DEADLOCK'))
  three.release()
  expect(guard.held).toBe(false)
  one.close()
  three.close()
})

test('Lock.open() again after close() finds it as it was', async () => {
  const name = uniqueName()
  const other = await startProcess<Modules>({ modules })
  await other.run(({ unit, state }, n) => {
    state['guard'] = unit.Lock.open(n).acquire()
  }, name)
  for (let round = 0; round < 3; round++) {
    const lock = Lock.open(name)
    expect(lock.tryAcquire()).toBe(null)
    lock.close()
  }
  await other.run(({ state }) => state['guard'].release())
  const lock = Lock.open(name)
  lock.acquire().release()
  lock.close()
})

test('Lock.open() with { create: false } finds or throws ENOENT', () => {
  const name = uniqueName()
  expect(() => Lock.open(name, { create: false })).toThrow(
    expect.objectContaining({
      code: 'ENOENT',
      syscall: 'open',
      path: expect.stringContaining(name),
    }),
  )
  const made = Lock.open(name)
  Lock.open(name, { create: false }).close()
  made.close()
  Lock.open(name, { create: false }).close() // the name stays
  expect(Lock.unlink(name)).toBe(true)
  expect(Lock.unlink(name)).toBe(false)
})

test('Lock.create() is gone with its last user', () => {
  const lock = Lock.create()
  const { handle } = lock
  const again = Lock.from(handle)
  lock.close()
  const guard = again.acquire()
  guard.release()
  again.close()
  expect(() => Lock.from(handle)).toThrow(code('ERR_IPC_UNLINKED'))
})

async function opener(name: string): Promise<Contender<Modules>> {
  const other = await startProcess<Modules>({ modules })
  await other.run(({ unit, state }, n) => void (state['lock'] = unit.Lock.open(n)), name)
  return other
}

describe('Lock.unlink()', () => {
  test('refuses while another process has it open', async () => {
    const name = uniqueName()
    const other = await opener(name)
    expect(() => Lock.unlink(name)).toThrow(code('ERR_IPC_IN_USE'))
    expect(() => Lock.unlink(name)).toThrow(new RegExp(String(other.pid)))
    await other.run(({ state }) => state['lock'].acquire().release())
    await other.terminate()
    expect(Lock.unlink(name)).toBe(true) // nobody alive has it
  })

  test('by force ends every wait for it with ERR_IPC_UNLINKED', async () => {
    const name = uniqueName()
    const [holder, waiter] = [await opener(name), await opener(name)]
    const mine = Lock.open(name)
    await holder.run(({ state }) => void (state['guard'] = state['lock'].acquire()))
    const pending = [
      mine.acquireAsync(),
      mine.tryAcquireAsync({ timeoutMs: Infinity }),
      waiter.run(({ state }) => state['lock'].acquire()),
    ].map((promise) => expect(promise).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' }))
    await until(() => mine.inspect().waiting, 'they wait')
    await delay(20)
    expect(Lock.unlink(name, { force: true })).toBe(true)
    await within(Promise.all(pending), 'the end of every wait')
    for (const call of ['acquire', 'tryAcquire'] as const) {
      expect(() => mine[call]()).toThrow(code('ERR_IPC_UNLINKED'))
      await expect(waiter.run(({ state }, c) => state['lock'][c](), call)).rejects.toMatchObject({
        code: 'ERR_IPC_UNLINKED',
      })
    }
    await expect(mine.acquireAsync()).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
    // The holder may end what it does, but not begin anew.
    await holder.run(({ state }) => state['guard'].release())
    await expect(holder.run(({ state }) => state['lock'].acquire())).rejects.toMatchObject({
      code: 'ERR_IPC_UNLINKED',
    })
    expect(mine.inspect()).toMatchObject({ owner: null })
    const anew = Lock.open(name)
    anew.acquire().release()
    anew.close()
    mine.close()
  })

  test('by force stops those who only ever take the fast path', async () => {
    const name = uniqueName()
    const other = await opener(name)
    const ended = other.run(({ state }) => {
      for (;;) state['lock'].acquire().release()
    })
    await delay(10)
    expect(Lock.unlink(name, { force: true })).toBe(true)
    await expect(ended).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
  })

  test('by force hands nothing to the pending calls of the holder', async () => {
    const name = uniqueName()
    const other = await opener(name)
    await other.run(({ state }) => {
      state['guard'] = state['lock'].acquire()
      state['pending'] = state['lock'].acquireAsync()
      state['pending'].catch(() => {})
    })
    Lock.unlink(name, { force: true })
    const outcome = other.run(async ({ state }) => {
      state['guard'].release()
      await state['pending']
    })
    await expect(outcome).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
  })
})

test('a blocking wait of the main thread that is longer than a second is published', async () => {
  const lock = Lock.open('slow')
  const other = await startProcess<Modules>({ modules })
  await other.run(({ unit, state }) => void (state['guard'] = unit.Lock.open('slow').acquire()))
  const told: unknown[] = []
  const listen = (message: unknown): void => void told.push(message)
  subscribe('ipc:blocked', listen)
  void other.start(async ({ state }) => {
    await new Promise((resolve) => setTimeout(resolve, 1400))
    state['guard'].release()
  })
  lock.acquire().release()
  unsubscribe('ipc:blocked', listen)
  expect(told).toMatchObject([
    { what: 'lock "slow"', waitedMs: expect.any(Number), blocking: true },
  ])
  lock.close()
})
