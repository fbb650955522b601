import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { stopAll, temporaryDirectory, until, within, type Contender } from '@ipc/testing'
import { placements, type Meeting, type Modules } from '@ipc/testing/laws'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Event } from './event.ts'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

const ways = placements<Event>({
  Class: Event,
  construct: () => new Event(),
  memory: (byteLength) => SharedMemory.create({ byteLength }),
  unit: import.meta.resolve('@ipc/sync'),
})

const closed = { code: 'ERR_IPC_CLOSED' }

describe.each(ways)('Event $name', (placement) => {
  let meeting: Meeting<Event>
  let here: Event
  let other: Contender<Modules>

  beforeEach(async () => {
    meeting = await placement.meet()
    ;({ here, other } = meeting)
  })
  afterEach(() => placement.part())

  const someoneWaits = (): Promise<void> => until(() => here.inspect().waiting, 'somebody waits')
  const setLater = (ms: number): void => {
    void other.start(async ({ state }, after) => {
      await new Promise((resolve) => setTimeout(resolve, after))
      state['there'].set()
    }, ms)
  }

  test('Event.isSet is what set() and clear() made it, everywhere', async () => {
    const there = (): Promise<boolean> => other.run(({ state }) => state['there'].isSet)
    expect([here.isSet, await there()]).toEqual([false, false])
    here.set()
    here.set()
    expect([here.isSet, await there()]).toEqual([true, true])
    await other.run(({ state }) => state['there'].clear())
    expect([here.isSet, await there()]).toEqual([false, false])
    here.clear()
    expect(here.isSet).toBe(false)
  })

  test('Event.wait() blocks until set() elsewhere, and not at all once it is set', async () => {
    const start = performance.now()
    setLater(280) // longer than any recheck
    expect(here.wait()).toBe(true)
    expect(performance.now() - start).toBeGreaterThanOrEqual(275)
    expect(here.wait()).toBe(true)
    expect(here.tryWait()).toBe(true)
    expect(await here.waitAsync()).toBe(true)
    expect(await here.tryWaitAsync()).toBe(true)
    here.clear()
    let done = false
    const waiting = other.run(({ state }) => state['there'].wait()).finally(() => (done = true))
    await someoneWaits()
    await delay(30)
    expect(done).toBe(false)
    here.set()
    expect(await waiting).toBe(true)
  })

  test('Event.tryWait() gives up when it was told, not earlier', async () => {
    expect(here.tryWait()).toBe(false)
    expect(here.tryWait({ timeoutMs: -1 })).toBe(false)
    expect(await here.tryWaitAsync({ timeoutMs: -Infinity })).toBe(false)
    for (const timeoutMs of [0.5, 40]) {
      let start = performance.now()
      expect(here.tryWait({ timeoutMs })).toBe(false)
      expect(performance.now() - start).toBeGreaterThanOrEqual(timeoutMs)
      start = performance.now()
      expect(await here.tryWaitAsync({ timeoutMs })).toBe(false)
      expect(performance.now() - start).toBeGreaterThanOrEqual(timeoutMs)
    }
    setLater(20)
    expect(here.tryWait({ timeoutMs: Infinity })).toBe(true)
    here.clear()
    setLater(20)
    expect(await here.tryWaitAsync({ timeoutMs: 20_000 })).toBe(true)
  })

  test('Event.set() releases everyone who waits', async () => {
    const more = await meeting.join()
    const blocked = [other, more].map((contender) =>
      contender.run(async ({ state }) => {
        const pending = [state['there'].waitAsync(), state['there'].waitAsync()]
        return [state['there'].wait(), ...(await Promise.all(pending))]
      }),
    )
    const pending = Array.from({ length: 3 }, () => here.waitAsync())
    await someoneWaits()
    await delay(20)
    here.set()
    const released = await within(Promise.all([...blocked, ...pending]), 'everyone')
    expect(released.flat()).toEqual(Array(9).fill(true))
  })

  test('Event.set() and clear() at once release everyone who waits just then', async () => {
    const more = await meeting.join()
    for (let round = 0; round < 20; round++) {
      const blocked = other.run(({ state }) => {
        return state['there'].wait()
      })
      const pending = [
        here.waitAsync(),
        here.tryWaitAsync({ timeoutMs: Infinity }),
        more.run(({ state }) => state['there'].waitAsync()),
      ]
      // Waits only once, in the middle of the pulses: those who came too late are told by the last.
      await someoneWaits()
      const pulse = setInterval(() => {
        here.set()
        here.clear()
      }, 5)
      const released = await within(Promise.all([blocked, ...pending]), 'everyone')
      clearInterval(pulse)
      expect(released).toEqual([true, true, true, true])
      expect(here.isSet).toBe(false)
    }
  })

  test('Event: one pulse is enough for those who surely wait', async () => {
    // In this thread calls wait from the moment that they were made.
    const mine = [here.waitAsync(), here.waitAsync()]
    await other.run(({ state }) => {
      state['pending'] = [state['there'].waitAsync(), state['there'].waitAsync()]
    })
    await other.run(({ state }) => {
      state['there'].set()
      state['there'].clear()
    })
    expect(await within(Promise.all(mine), 'those here')).toEqual([true, true])
    const theirs = other.run(({ state }) => Promise.all(state['pending']))
    expect(await theirs).toEqual([true, true])
    expect(here.isSet).toBe(false)
    expect(await here.tryWaitAsync({ timeoutMs: 10 })).toBe(false) // a call that comes later waits
  })

  test('Event: aborting a wait rejects with the reason, and leaves the others', async () => {
    const reason = new Error('why')
    const aborted = AbortSignal.abort(reason)
    await expect(here.waitAsync({ signal: aborted })).rejects.toBe(reason)
    here.set()
    await expect(here.tryWaitAsync({ signal: aborted })).rejects.toBe(reason)
    here.clear()
    const controller = new AbortController()
    const waiting = here.waitAsync({ signal: controller.signal })
    const patient = here.waitAsync()
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    setLater(5)
    expect(await within(patient, 'the patient one')).toBe(true)
    controller.abort()
  })

  test('Event.close() rejects what is pending, and ends the use', async () => {
    const pending = [here.waitAsync(), here.tryWaitAsync({ timeoutMs: 20_000 })]
    const rejected = pending.map((promise) => expect(promise).rejects.toMatchObject(closed))
    const again = Event.from(here.handle)
    here.close()
    here.close()
    await Promise.all(rejected)
    const calls = [
      () => here.wait(),
      () => here.tryWait(),
      () => here.set(),
      () => here.clear(),
      () => here.isSet,
      () => here.inspect(),
    ]
    for (const call of calls) expect(call).toThrow(expect.objectContaining(closed))
    await expect(here.waitAsync()).rejects.toMatchObject(closed)
    await expect(here.tryWaitAsync()).rejects.toMatchObject(closed)
    expect(inspect(here)).toBe('Event (closed)')
    setLater(5)
    expect(again.wait()).toBe(true)
    again.close()
  })

  test('Event.inspect() tells the state, and console.log prints it', async () => {
    const { scope } = placement
    expect(here.inspect()).toEqual({
      kind: 'event',
      name: here.name,
      scope,
      isSet: false,
      waiting: false,
    })
    const waiting = other.run(({ state }) => state['there'].wait())
    await someoneWaits()
    here.set()
    await waiting
    expect(here.inspect()).toMatchObject({ isSet: true, waiting: false })
    expect(inspect(here)).toMatch(/^Event \{[^]*isSet: true/)
  })

  test('Event: two threads that answer each other miss nothing', async () => {
    const back = placement.scope === 'thread' ? new Event() : Event.create()
    const rounds = 300
    const answering = other.run(
      ({ unit, state }, { handle, times }) => {
        const answer = unit.Event.from(handle)
        for (let i = 0; i < times; i++) {
          state['there'].wait()
          state['there'].clear()
          answer.set()
        }
        answer.close()
      },
      { handle: back.handle, times: rounds },
    )
    for (let i = 0; i < rounds; i++) {
      here.set()
      if (i % 2 === 0) back.wait()
      else await within(back.waitAsync(), 'the answer')
      back.clear()
    }
    await answering
    expect([here.isSet, back.isSet]).toEqual([false, false])
    back.close()
  })

  test('Event: a pending call keeps the event loop alive, an idle object does not', async () => {
    const waiting = await meeting.join()
    const idle = await meeting.join()
    const pending = waiting.start(({ state }) => state['there'].waitAsync())
    await idle.run(({ state }) => state['there'].tryWaitAsync({ timeoutMs: 5 }))
    await someoneWaits()
    idle.letGo()
    waiting.letGo()
    expect(await within(idle.exited, 'the end of the idle one')).toMatchObject({ code: 0 })
    await delay(20)
    expect(waiting.alive).toBe(true)
    here.set()
    expect(await within(pending, 'the pending call')).toBe(true)
    expect(await within(waiting.exited, 'the end of the other')).toMatchObject({ code: 0 })
  })
})

test('memory that another kind of object was in may be used again', async () => {
  const memory = new SharedMemory({ byteLength: 64 })
  const lock = Lock.at(memory, 0)
  lock.acquire().release()
  lock.close()
  const event = Event.at(memory, 0)
  const waiting = event.waitAsync()
  event.set()
  expect(await waiting).toBe(true)
  event.close()
  new Int32Array(memory.buffer).fill(0)
  Lock.at(memory, 0).acquire()
})
