import { temporaryDirectory, uniqueName } from '@ipc/testing'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Lock, LockManager, locks, openLocks } from './index.ts'

const directory = temporaryDirectory()
afterAll(() => directory.remove())

const forever = new Promise<never>(() => {})

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe('request()', () => {
  test('calls back with the lock, and resolves with what the callback returns', async () => {
    const name = uniqueName()
    const seen = await locks.request(name, (lock) => [lock.name, lock.mode, lock.abandoned])
    expect(seen).toEqual([name, 'exclusive', false])
    expect(await locks.request(name, async () => 7)).toBe(7)
  })

  test('looks like the interface of the standard', () => {
    const { request, query } = Object.getOwnPropertyDescriptors(LockManager.prototype)
    expect([request.value!.length, query.value!.length, LockManager.length]).toEqual([2, 0, 0])
    expect(Object.keys(Lock.prototype)).toEqual(['name', 'mode'])
    expect(Object.keys(LockManager.prototype)).toEqual(['request', 'query'])
    expect(Object.prototype.toString.call(locks)).toBe('[object LockManager]')
    for (const each of [Lock, LockManager] as unknown as (new () => object)[]) {
      expect(() => new each()).toThrow('Illegal constructor')
    }
  })

  test('rejects what Web IDL rejects, and throws nothing', async () => {
    const name = uniqueName()
    const call = locks.request.bind(locks) as (...given: unknown[]) => Promise<unknown>
    const run = (): void => {}
    const wrong = [
      [],
      [name],
      [name, undefined],
      [name, {}],
      [name, 'text'],
      [name, {}, 123],
      [name, 123, run],
      [name, { mode: 'foo' }, run],
      [name, { mode: null }, run],
      [name, { signal: {} }, run],
      [name, { signal: null }, run],
      [Symbol('name'), run],
    ]
    for (const given of wrong) await expect(call(...given)).rejects.toBeInstanceOf(TypeError)
    const unbound = Object.create(LockManager.prototype) as LockManager
    const other = unbound.request(name, run)
    await expect(other).rejects.toThrow('Illegal invocation')
    await expect(locks.query.call({} as LockManager)).rejects.toThrow('Illegal invocation')
    expect(await call(name, null, () => 'null is no options')).toBe('null is no options')
  })

  test('rejects with NotSupportedError what the standard does not allow', async () => {
    const name = uniqueName()
    const { signal } = new AbortController()
    const wrong = [
      { steal: true, ifAvailable: true },
      { steal: true, mode: 'shared' },
      { steal: true, signal },
      { ifAvailable: true, signal },
    ] as const
    for (const options of wrong) {
      const asked = locks.request(name, options, () => {})
      await expect(asked).rejects.toMatchObject({ name: 'NotSupportedError' })
    }
    const dash = locks.request('-name', () => {})
    await expect(dash).rejects.toMatchObject({ name: 'NotSupportedError' })
  })

  test('reads each option once, in the order of the alphabet, before it checks the callback', async () => {
    const read: string[] = []
    const options = new Proxy({}, { get: (_, key) => void read.push(String(key)) })
    await expect(locks.request('x', options, 1 as never)).rejects.toBeInstanceOf(TypeError)
    expect(read).toEqual(['ifAvailable', 'mode', 'signal', 'steal'])
  })

  test('takes any string as a name, exactly', async () => {
    const long = 'long'.repeat(5000)
    const names = ['', ' ', '\0', 'e\u0301', '\u00e9', '\ud800', '😀', long, `${long}x`, 'a-b']
    const granted: string[] = []
    const hold = gate()
    const all = names.map((name) =>
      locks.request(name, (lock) => {
        granted.push(lock.name)
        return hold.opened
      }),
    )
    await turn()
    expect(granted).toEqual(names)
    const { held } = await locks.query()
    expect(held.map(({ name }) => name)).toEqual(names)
    hold.open()
    await Promise.all(all)
    expect(await locks.query()).toEqual({ held: [], pending: [] })
  })

  test('never runs the callback inside the call, also if the lock is not available', async () => {
    const name = uniqueName()
    let inside = true
    const first = locks.request(name, () => {
      expect(inside).toBe(false)
      return turn()
    })
    const none = locks.request(name, { ifAvailable: true }, (lock) => {
      expect(inside).toBe(false)
      return lock
    })
    inside = false
    expect(await none).toBe(null)
    await first
  })

  test('is held until what the callback returns is settled, also a thenable', async () => {
    const name = uniqueName()
    const order: string[] = []
    let settle!: (value: string) => void
    const first = locks.request(name, () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
      then: (resolve: (value: string) => void) => (settle = resolve),
    }))
    const second = locks.request(name, () => order.push('second'))
    await delay(5)
    order.push('first')
    settle('value')
    expect(await first).toBe('value')
    await second
    expect(order).toEqual(['first', 'second'])
  })

  test('releases when the callback throws or rejects, before it tells the caller', async () => {
    const name = uniqueName()
    const error = new Error('mine')
    const thrown = locks.request(name, () => {
      throw error
    })
    await expect(thrown).rejects.toBe(error)
    const rejected = locks.request(name, () => Promise.reject(error))
    const after = rejected.catch(() =>
      locks.request(name, { ifAvailable: true }, (lock) => lock !== null),
    )
    expect(await after).toBe(true)
  })

  test('is not re-entrant', async () => {
    const name = uniqueName()
    const inner = await locks.request(name, async () => {
      const none = await locks.request(name, { ifAvailable: true }, (lock) => lock)
      expect(none).toBe(null)
      const later = { promise: locks.request(name, () => 'later') }
      await turn()
      return later
    })
    expect(await inner.promise).toBe('later')
  })

  test('runs the callback in the asynchronous context of the call', async () => {
    const name = uniqueName()
    const storage = new AsyncLocalStorage<number>()
    const calls = [1, 2, 3].map((i) =>
      storage.run(i, () => locks.request(name, () => turn(storage.getStore()))),
    )
    expect(await Promise.all(calls)).toEqual([1, 2, 3])
  })

  test('does not starve timers, and keeps the order', async () => {
    const name = uniqueName()
    const timer = { isOver: false }
    setTimeout(() => (timer.isOver = true), 1)
    for (let i = 0; i < 1e6 && !timer.isOver; i++) await locks.request(name, () => {})
    expect(timer.isOver).toBe(true)
    const order: number[] = []
    const numbers = Array.from({ length: 500 }, (_, i) => i)
    await Promise.all(
      numbers.map((i) => locks.request(name, { mode: 'shared' }, () => order.push(i))),
    )
    expect(order).toEqual(numbers)
  })
})

describe('the queue of a name', () => {
  /** Makes requests in order; locks that were granted are in `granted`, until they are released by name. */
  class Scene {
    readonly name = uniqueName()
    readonly granted: string[] = []
    readonly #gates = new Map<string, () => void>()
    readonly #ends = new Map<string, Promise<unknown>>()

    ask(what: string, signal?: AbortSignal): void {
      const mode = what.startsWith('s') ? 'shared' : 'exclusive'
      const options = signal === undefined ? { mode } : { mode, signal }
      const end = locks.request(this.name, options as { mode: 'shared' }, () => {
        this.granted.push(what)
        const { opened, open } = gate()
        this.#gates.set(what, open)
        return opened
      })
      end.catch(() => {})
      this.#ends.set(what, end)
    }

    async release(what: string): Promise<void> {
      this.#gates.get(what)!()
      await this.#ends.get(what)
      await turn()
    }
  }

  test('grants shared ones together, and one behind a waiting exclusive one waits', async () => {
    const scene = new Scene()
    for (const what of ['s1', 's2', 'x1', 's3', 's4', 'x2']) scene.ask(what)
    await turn()
    expect(scene.granted).toEqual(['s1', 's2'])
    await scene.release('s1')
    expect(scene.granted).toEqual(['s1', 's2'])
    await scene.release('s2')
    expect(scene.granted).toEqual(['s1', 's2', 'x1'])
    await scene.release('x1')
    expect(scene.granted).toEqual(['s1', 's2', 'x1', 's3', 's4'])
    await scene.release('s4')
    await scene.release('s3')
    expect(scene.granted.at(-1)).toBe('x2')
    await scene.release('x2')
  })

  test('lets in those behind a request that is aborted, at once', async () => {
    const scene = new Scene()
    const controller = new AbortController()
    scene.ask('s1')
    scene.ask('x1', controller.signal)
    scene.ask('s2')
    await turn()
    expect(scene.granted).toEqual(['s1'])
    controller.abort()
    expect(locks.inspect().held.filter(({ name }) => name === scene.name)).toHaveLength(2)
    await turn()
    expect(scene.granted).toEqual(['s1', 's2'])
    await scene.release('s1')
    await scene.release('s2')
  })

  test('gives an ifAvailable nothing while somebody waits', async () => {
    const scene = new Scene()
    scene.ask('s1')
    scene.ask('x1')
    await turn()
    const options = { mode: 'shared', ifAvailable: true } as const
    expect(await locks.request(scene.name, options, (lock) => lock)).toBe(null)
    await scene.release('s1')
    await scene.release('x1')
  })
})

describe('a signal', () => {
  test('that is aborted already takes nothing', async () => {
    const reason = new Error('before')
    const asked = locks.request(uniqueName(), { signal: AbortSignal.abort(reason) }, () => {})
    await expect(asked).rejects.toBe(reason)
  })

  test('ends a request that waits, or was granted, before its callback has begun', async () => {
    const name = uniqueName()
    for (const others of [0, 1]) {
      const controller = new AbortController()
      const before = others === 0 ? null : locks.request(name, () => turn())
      const asked = locks.request(name, { signal: controller.signal }, () => expect.unreachable())
      controller.abort('reason')
      expect(locks.inspect().pending).toEqual([])
      await expect(asked).rejects.toBe('reason')
      await before
    }
    expect(await locks.request(name, () => 'free')).toBe('free')
  })

  test('is ignored once the callback has begun', async () => {
    const controller = new AbortController()
    const asked = locks.request(uniqueName(), { signal: controller.signal }, async () => {
      controller.abort()
      await turn()
      return 'done'
    })
    expect(await asked).toBe('done')
  })

  test('of a time-out ends a wait', async () => {
    const name = uniqueName()
    const hold = gate()
    const first = locks.request(name, () => hold.opened)
    const asked = locks.request(name, { signal: AbortSignal.timeout(10) }, () => {})
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' })
    hold.open()
    await first
  })
})

describe('steal', () => {
  test('ends what is held at once, is granted before the queue, and leaves the queue', async () => {
    const name = uniqueName()
    const order: string[] = []
    const robbed = locks.request(name, () => forever)
    const waiting = locks.request(name, () => order.push('queue'))
    const thief = locks.request(name, { steal: true }, () => order.push('thief'))
    await expect(robbed).rejects.toMatchObject({ name: 'AbortError' })
    await expect(robbed).rejects.toThrow(`stolen by process ${process.pid}, thread 0`)
    await Promise.all([waiting, thief])
    expect(order).toEqual(['thief', 'queue'])
  })

  test('aborts the signal of the robbed, whose release then releases nothing', async () => {
    const name = uniqueName()
    let lock!: Lock
    const hold = gate()
    const robbed = locks.request(name, (mine) => {
      lock = mine
      return hold.opened
    })
    robbed.catch(() => {})
    await turn()
    const { signal } = lock
    const stolen = gate()
    const thief = locks.request(name, { steal: true }, () => stolen.opened)
    expect(signal.aborted).toBe(true)
    expect(signal.reason).toMatchObject({ name: 'AbortError' })
    hold.open()
    await turn()
    const none = locks.request(name, { ifAvailable: true }, (one) => one)
    expect(await none).toBe(null)
    stolen.open()
    await thief
    await expect(robbed).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('before the callback has begun: it does not run', async () => {
    const name = uniqueName()
    const robbed = locks.request(name, () => expect.unreachable())
    const thief = locks.request(name, { steal: true }, () => 'thief')
    await expect(robbed).rejects.toMatchObject({ name: 'AbortError' })
    expect(await thief).toBe('thief')
  })

  test('robs all who share', async () => {
    const name = uniqueName()
    const robbed = [1, 2, 3].map(() => locks.request(name, { mode: 'shared' }, () => forever))
    const all = Promise.allSettled(robbed)
    expect(await locks.request(name, { steal: true }, () => 'thief')).toBe('thief')
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  })
})

describe('query()', () => {
  let other: LockManager
  beforeAll(() => {
    other = openLocks('query')
  })

  test('shows one order for all names: held by grant, pending by request', async () => {
    const hold = gate()
    const asked = ['b', 'a', 'b', 'a'].map((name) => other.request(name, () => hold.opened))
    const { held, pending } = await other.query()
    const names = (list: readonly { name: string }[]): string =>
      list.map(({ name }) => name).join('')
    expect([names(held), names(pending)]).toEqual(['ba', 'ba'])
    expect(Object.keys(held[0]!)).toEqual(['name', 'mode', 'clientId'])
    expect(held[0]!.clientId).toMatch(new RegExp(`^${process.pid}-0-[0-9a-f]+$`))
    hold.open()
    await Promise.all(asked)
  })

  test('knows nothing of another manager', async () => {
    await locks.request('mine', async () => {
      expect(await other.query()).toEqual({ held: [], pending: [] })
      expect(await other.request('mine', () => 'free')).toBe('free')
    })
  })
})
