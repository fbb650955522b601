import { inspect } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory } from '@ipc/core'
import { stopAll, temporaryDirectory, uniqueName, until, within } from '@ipc/testing'
import { placements, type Meeting } from '@ipc/testing/laws'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { RLock } from './rlock.ts'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

const error = (code: string): unknown => expect.objectContaining({ code })
const NOT_OWNER = error('ERR_IPC_NOT_OWNER')
const CLOSED = error('ERR_IPC_CLOSED')

const subject = {
  Class: RLock,
  construct: () => new RLock(),
  memory: (byteLength: number) => SharedMemory.create({ byteLength }),
  unit: import.meta.resolve('@ipc/lock'),
}

describe.each(placements<RLock>(subject))('RLock $name', (placement) => {
  let meeting: Meeting<RLock>
  let here: RLock
  beforeEach(async () => {
    meeting = await placement.meet()
    ;({ here } = meeting)
  })
  afterEach(() => placement.part())

  test('is free for others when every hold was released, in whatever order', async () => {
    const { other } = meeting
    const tryThere = (): Promise<boolean> =>
      other.run(({ state }) => {
        const guard = state['there'].tryAcquire()
        guard?.release()
        return guard !== null
      })
    const guards = [here.acquire(), here.tryAcquire()!, here.acquire()]
    expect(here.depth).toBe(3)
    expect(await other.run(({ state }) => state['there'].depth)).toBe(3)
    for (const i of [1, 0, 2]) {
      expect(here.locked).toBe(true)
      expect(await tryThere()).toBe(false)
      guards[i]!.release()
      guards[i]!.release()
      expect(guards[i]!.held).toBe(false)
    }
    expect(here.depth).toBe(0)
    expect(here.locked).toBe(false)
    expect(await tryThere()).toBe(true)
  })

  test('only its owner releases, and waits for nobody', async () => {
    const { other } = meeting
    await other.run(({ state }) => {
      state['guard'] = state['there'].acquire()
      state['there'].acquire()
    })
    expect(here.depth).toBe(2)
    expect(here.locked).toBe(true)
    expect(() => here.release()).toThrow(NOT_OWNER)
    expect(here.tryAcquire()).toBe(null)
    const start = performance.now()
    expect(here.tryAcquire({ timeoutMs: 20 })).toBe(null)
    expect(performance.now() - start).toBeGreaterThanOrEqual(20)
    void other.start(({ state }) => {
      setTimeout(() => state['there'].release(), 10)
      setTimeout(() => state['guard'].release(), 30)
    })
    const guard = here.acquire()
    expect(guard.abandoned).toBe(false)
    expect(here.depth).toBe(1)
    here.release()
    expect(guard.held).toBe(false)
    expect(() => here.release()).toThrow(NOT_OWNER)
    const later = here.acquire()
    guard.release()
    guard[Symbol.dispose]()
    expect(later.held).toBe(true)
    later.release()
  })

  test('excludes: no owner sees the depth of another', async () => {
    const more = await meeting.join()
    const runs = [meeting.other, more].map((contender) =>
      contender.run(({ state }) => {
        for (let i = 0; i < 500; i++) {
          const outer = state['there'].acquire()
          const inner = state['there'].acquire()
          if (state['there'].depth !== 2) throw new Error('not its depth')
          outer.release()
          inner.release()
        }
      }),
    )
    for (let i = 0; i < 300; i++) {
      here.with(() => here.with(() => expect(here.depth).toBe(2)))
      if (i % 20 === 0) await delay(0)
    }
    await Promise.all(runs)
    expect(here.locked).toBe(false)
  })

  test('an owner that is killed at depth 2: the next is told, at every depth, and has it once', async () => {
    const victim = await meeting.join()
    await victim.run(({ state }) => {
      state['there'].acquire()
      state['there'].acquire()
    })
    const taking = meeting.other.start(({ state }) => {
      const guard = state['there'].acquire()
      const inner = state['there'].acquire()
      const { depth } = state['there']
      const told = [guard.abandoned, inner.abandoned, depth]
      inner.release()
      guard.release()
      return [...told, guard.abandoned]
    })
    await until(() => here.inspect().waiting, 'the other waits')
    await victim.terminate()
    expect(await within(taking, 'the next')).toEqual([true, true, 2, true])
    here.with((guard) => {
      expect(guard.abandoned).toBe(false)
      expect(here.depth).toBe(1)
    })
  })

  test('with(), inspect(), close(), from()', async () => {
    const failure = new Error('inside')
    expect(here.with((guard) => guard.held)).toBe(true)
    expect(() => here.with(() => Promise.resolve())).toThrow(TypeError)
    expect(() =>
      here.with(() => {
        throw failure
      }),
    ).toThrow(failure)
    expect(here.locked).toBe(false)

    const { scope, name } = here
    const guard = here.acquire()
    expect(here.inspect()).toMatchObject({
      kind: 'rlock',
      scope,
      name,
      locked: true,
      depth: 1,
      waiting: false,
      owner: { pid: process.pid, alive: true },
    })
    expect(inspect(here)).toMatch(/^RLock \{/)
    const again = RLock.from(here.handle)
    expect(again.acquire().held).toBe(true)
    expect(here.depth).toBe(2)
    for (const open of [here, again]) {
      expect(() => open.close()).toThrow(error('ERR_IPC_IN_USE'))
    }
    again.release()
    again.close()
    expect(guard.held).toBe(true)
    expect(inspect(again)).toBe('RLock (closed)')
    guard.release()
    here.close()
    for (const call of ['acquire', 'tryAcquire', 'release', 'inspect'] as const) {
      expect(() => here[call]()).toThrow(CLOSED)
    }
    expect(() => here.depth).toThrow(CLOSED)
    expect(() => here.locked).toThrow(CLOSED)
    expect(() => here.with(() => {})).toThrow(CLOSED)
    await meeting.other.run(({ state }) => state['there'].acquire().release())
  })
})

test('RLock: bad input', () => {
  const lock = new RLock()
  expect(() => lock.tryAcquire({ timeoutMs: Number.NaN })).toThrow(RangeError)
  expect(() => lock.tryAcquire({ timeoutMs: '1' as never })).toThrow(TypeError)
  expect(() => lock.tryAcquire(1 as never)).toThrow(TypeError)
  expect(() => lock.with(undefined as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  )
  lock.with(() => {
    expect(() => lock.tryAcquire({ timeoutMs: Number.NaN })).toThrow(RangeError)
    expect(lock.depth).toBe(1)
  })
  const buffer = new SharedArrayBuffer(4 * RLock.words())
  expect(() => RLock.at(buffer, 1)).toThrow(RangeError)
  expect(() => RLock.from({ kind: 'rlock', buffer, index: 1, options: [0, 0, 0, 0] })).toThrow(
    RangeError,
  )
  expect(() => RLock.from({ kind: 'lock', buffer, index: 0, options: [0, 0, 0, 0] })).toThrow(
    TypeError,
  )
  expect('acquireAsync' in lock).toBe(false)
})

test('RLock.unlink() is refused while in use, and by force ends the waits of others', async () => {
  const name = uniqueName()
  const lock = RLock.open(name)
  const guard = lock.acquire()
  const other = placements<RLock>(subject)[2]!
  const meeting = await other.meet()
  const waiting = meeting.other.start(({ unit, state }, called) => {
    state['named'] = unit.RLock.open(called)
    state['named'].acquire()
  }, name)
  await until(() => lock.inspect().waiting, 'the other waits')
  expect(() => RLock.unlink(name)).toThrow(error('ERR_IPC_IN_USE'))
  expect(RLock.unlink(name, { force: true })).toBe(true)
  await expect(within(waiting, 'its wait')).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
  guard.release()
  expect(() => lock.acquire()).toThrow(error('ERR_IPC_UNLINKED'))
  await other.part()
})
