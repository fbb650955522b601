import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory } from '@ipc/core'
import {
  startProcess,
  stopAll,
  temporaryDirectory,
  until,
  within,
  type Contender,
} from '@ipc/testing'
import {
  acquirableLaws,
  placements,
  type Meeting,
  type Modules,
  type Subject,
} from '@ipc/testing/laws'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BoundedSemaphore } from './bounded-semaphore.ts'
import { Semaphore } from './semaphore.ts'

const MAX = 0x7fffffff

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

const subjects = [
  { title: 'Semaphore', Class: Semaphore, undo: false },
  { title: 'Semaphore {undo}', Class: Semaphore, undo: true },
  { title: 'BoundedSemaphore', Class: BoundedSemaphore, undo: true },
  { title: 'BoundedSemaphore {undo: false}', Class: BoundedSemaphore, undo: false },
]

for (const { title, Class, undo } of subjects) {
  acquirableLaws<Semaphore>(
    {
      Class,
      options: { value: 1, undo },
      construct: () => new Class(1, { undo }),
      memory: (byteLength) => SharedMemory.create({ byteLength }),
      unit: import.meta.resolve('@ipc/semaphore'),
      few: Class === BoundedSemaphore,
    },
    { title, owned: undo, isFree: ({ value }) => value === 1 },
  )
}

/* ---- what only semaphores do ------------------------------------------------------------------ */

for (const { title, Class, undo } of subjects) {
  const subject: Subject<Semaphore> = {
    Class,
    options: { value: 3, undo },
    construct: () => new Class(3, { undo }),
    memory: (byteLength) => SharedMemory.create({ byteLength }),
    unit: import.meta.resolve('@ipc/semaphore'),
    few: Class === BoundedSemaphore,
  }
  describe.each(placements(subject))(`${title} $name`, (placement) => {
    let meeting: Meeting<Semaphore>
    let here: Semaphore
    let other: Contender<Modules>

    beforeEach(async () => {
      meeting = await placement.meet()
      ;({ here, other } = meeting)
    })
    afterEach(() => placement.part())

    test(`${title}.value is how many permits are free`, async () => {
      expect(here.value).toBe(3)
      const guards = [here.acquire(), await here.acquireAsync(), here.tryAcquire()!]
      expect(here.value).toBe(0)
      expect(here.inspect()).toMatchObject({ value: 0, undo })
      expect(await other.run(({ state }) => state['there'].value)).toBe(0)
      expect(here.tryAcquire()).toBe(null)
      expect(await other.run(({ state }) => state['there'].tryAcquire())).toBe(null)
      for (const [i, guard] of guards.entries()) {
        guard.release()
        guard.release()
        expect(here.value).toBe(i + 1)
      }
    })

    test(`${title}.acquire() takes from those of everybody`, async () => {
      const mine = here.acquire()
      const value = await other.run(({ state }) => {
        state['guards'] = [state['there'].acquire(), state['there'].acquire()]
        return state['there'].value
      })
      expect(value).toBe(0)
      expect(here.tryAcquire({ timeoutMs: 5 })).toBe(null)
      const waiting = here.acquireAsync()
      await other.run(({ state }) => state['guards'][0].release())
      ;(await within(waiting, 'the permit')).release()
      mine.release()
      await other.run(({ state }) => state['guards'][1].release())
      expect(here.value).toBe(3)
    })

    test(`${title}.release(n) lets n waiting calls of another thread go on`, async () => {
      for (let i = 0; i < 3; i++) here.acquire()
      const gone = other.start(async ({ state }) => {
        state['gone'] = 0
        const calls = Array.from({ length: 4 }, async () => {
          const guard = await state['there'].acquireAsync()
          state['gone']++
          return guard
        })
        for (const guard of await Promise.all(calls)) guard.release()
      })
      await until(() => here.inspect().waiting, 'it waits')
      here.release(2)
      await until(() => other.run(({ state }) => state['gone'] === 2), 'two go on')
      await delay(20)
      expect(await other.run(({ state }) => state['gone'])).toBe(2)
      here.release()
      await until(() => other.run(({ state }) => state['gone'] === 3), 'one more goes on')
      expect(here.value).toBe(0)
      await other.terminate()
      await expect(gone).rejects.toThrow(/ended/)
    })

    test(`${title}.release(n) lets n blocked threads go on`, async () => {
      const others = [other, await meeting.join(), await meeting.join()]
      for (let i = 0; i < 3; i++) here.acquire()
      const taken = others.map((contender) =>
        contender.run(({ state }) => void (state['guard'] = state['there'].acquire())),
      )
      await until(() => here.inspect().waiting, 'they wait')
      await delay(20)
      here.release(3)
      await Promise.all(taken)
      expect(here.value).toBe(0)
      await Promise.all(
        others.map((contender) => contender.run(({ state }) => state['guard'].release())),
      )
      expect(here.value).toBe(3)
    })

    test(`${title}: releases in a row reach a chain of waiters`, async () => {
      const others = [other, await meeting.join(), await meeting.join()]
      for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 3; i++) here.acquire()
        const turns = others.map((contender) =>
          contender.run(({ state }) => state['there'].acquire().release()),
        )
        await until(() => here.inspect().waiting, 'they wait')
        await delay(5)
        for (let i = 0; i < 3; i++) here.release()
        await Promise.all(turns)
        expect(here.value).toBe(3)
      }
    })

    test(`${title}: never more inside than permits`, async () => {
      const others = [other, await meeting.join()]
      const inside = others.map((contender) =>
        contender.run(async ({ state }) => {
          const { there } = state
          let now = 0
          let most = 0
          const job = async (i: number): Promise<void> => {
            const guard = i % 5 === 0 ? there.acquire() : await there.acquireAsync()
            most = Math.max(most, ++now)
            if (i % 3 === 0) await new Promise(setImmediate)
            now--
            guard.release()
          }
          // One after the other where a call blocks: it would wait for its own thread's jobs.
          for (let i = 0; i < 40; i += 5) await job(i)
          await Promise.all(Array.from({ length: 80 }, (_, i) => job(i * 5 + 1)))
          return most
        }),
      )
      for (const most of await Promise.all(inside)) expect(most).toBeLessThanOrEqual(3)
      expect(here.value).toBe(3)
    })
  })
}

describe('Semaphore', () => {
  test('Semaphore.release() by anyone is what producers do', async () => {
    const jobs = Semaphore.open('producers', { value: 0 })
    const other = await startProcess<Modules>({
      modules: { unit: import.meta.resolve('@ipc/semaphore') },
    })
    const taken = jobs.acquireAsync()
    await other.run(({ unit }) => unit.Semaphore.open('producers').release(5))
    await within(taken, 'a permit that another made')
    expect(jobs.value).toBe(4)
    expect(jobs.with(() => jobs.value)).toBe(3)
    jobs.close()
  })

  test('Semaphore.release() past the maximum throws and changes nothing', () => {
    const semaphore = new Semaphore(MAX - 1)
    const tooMany = expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
    expect(() => semaphore.release(2)).toThrow(tooMany)
    expect(semaphore.value).toBe(MAX - 1)
    semaphore.release()
    expect(semaphore.value).toBe(MAX)
    expect(() => semaphore.release()).toThrow(tooMany)
    expect(() => semaphore.release(MAX)).toThrow(/2147483647/)
    expect(semaphore.value).toBe(MAX)
    const guard = semaphore.acquire()
    expect(semaphore.value).toBe(MAX - 1)
    guard.release()
    const none = new Semaphore(0)
    none.release(MAX)
    expect(none.value).toBe(MAX)
    expect(() => none.release()).toThrow(tooMany)
  })

  test('Semaphore.open() without options takes what is there', () => {
    const made = Semaphore.open('options', { value: 7, undo: true })
    const found = Semaphore.open('options')
    expect(found.inspect()).toMatchObject({ value: 7, undo: true })
    const mismatch = expect.objectContaining({ code: 'ERR_IPC_OPTIONS_MISMATCH' })
    expect(() => Semaphore.open('options', { value: 6, undo: true })).toThrow(mismatch)
    expect(() => Semaphore.open('options', { value: 7 })).toThrow(mismatch)
    expect(found.value).toBe(7)
    made.close()
    found.close()
    // Nobody uses it any more, so it may be made anew.
    const anew = Semaphore.open('options', { value: 2 })
    expect(anew.inspect()).toMatchObject({ value: 2, undo: false })
    anew.close()
  })

  test('Semaphore.open() with { create: false } finds or throws ENOENT', () => {
    const absent = { create: false }
    expect(() => Semaphore.open('absent', absent)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
    )
    const made = Semaphore.open('absent')
    Semaphore.open('absent', absent).close()
    made.close()
  })

  test('Semaphore and BoundedSemaphore have their own names', () => {
    const plain = Semaphore.open('same', { value: 1 })
    const bounded = BoundedSemaphore.open('same', { value: 2 })
    plain.acquire()
    expect([plain.value, bounded.value]).toEqual([0, 2])
    expect(bounded).toBeInstanceOf(BoundedSemaphore)
    const mismatch = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' })
    expect(() => Semaphore.from(bounded.handle)).toThrow(mismatch)
    expect(() => BoundedSemaphore.from(plain.handle)).toThrow(mismatch)
    plain.close()
    bounded.close()
  })

  test('Semaphore.words() says what at() needs', () => {
    const sizes = [{ value: 5 }, { value: 5, undo: true }, undefined].map((o) => Semaphore.words(o))
    expect(sizes).toEqual([1, 6, 1])
    expect(BoundedSemaphore.words({ value: 5 })).toBe(6)
    const buffer = new SharedArrayBuffer(6 * 4)
    expect(BoundedSemaphore.at(buffer, 0, { value: 5 }).value).toBe(5)
    expect(() => BoundedSemaphore.at(buffer, 1, { value: 5 })).toThrow(RangeError)
  })

  test('Semaphore.close() leaves guards that can be released', async () => {
    const semaphore = Semaphore.open('closing', { value: 1 })
    const other = await startProcess<Modules>({
      modules: { unit: import.meta.resolve('@ipc/semaphore') },
    })
    const guard = semaphore.acquire()
    const waiting = other.run(({ unit }) => {
      unit.Semaphore.open('closing').acquire().release()
    })
    await until(() => semaphore.inspect().waiting, 'it waits')
    semaphore.close()
    guard.release()
    expect(await waiting).toBe(undefined)
  })
})

describe('BoundedSemaphore', () => {
  test.each([true, false])('release() above the first value changes nothing {undo: %s}', (undo) => {
    const semaphore = new BoundedSemaphore(2, { undo })
    const tooMany = expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' })
    expect(() => semaphore.release()).toThrow(tooMany)
    expect(semaphore.value).toBe(2)
    semaphore.acquire()
    expect(() => semaphore.release(2)).toThrow(tooMany)
    expect(semaphore.value).toBe(1)
    semaphore.release()
    expect(() => semaphore.release()).toThrow(tooMany)
    expect(semaphore.value).toBe(2)
  })

  test('release() looks at the bound before it looks whose the permits are', async () => {
    const semaphore = BoundedSemaphore.create({ value: 2 })
    const other = await startProcess<Modules>({
      modules: { unit: import.meta.resolve('@ipc/semaphore') },
    })
    await other.run(({ unit, state }, handle) => {
      state['there'] = unit.BoundedSemaphore.from(handle)
      state['guard'] = state['there'].acquire()
    }, semaphore.handle)
    expect(() => semaphore.release(2)).toThrow(RangeError)
    expect(() => semaphore.release()).toThrow(
      expect.objectContaining({ code: 'ERR_IPC_NOT_OWNER' }),
    )
    expect(semaphore.value).toBe(1)
    await other.run(({ state }) => state['guard'].release())
    expect(semaphore.value).toBe(2)
    semaphore.close()
  })

  test('undo is on unless it is turned off', () => {
    expect(new BoundedSemaphore().inspect()).toMatchObject({
      kind: 'bounded',
      value: 1,
      undo: true,
    })
    expect(new Semaphore().inspect()).toMatchObject({ kind: 'semaphore', value: 1, undo: false })
  })
})

describe('Semaphore.unlink()', () => {
  const modules = { unit: import.meta.resolve('@ipc/semaphore') }
  const unlinked = { code: 'ERR_IPC_UNLINKED' }

  test.each(subjects)('of a $title by force ends its use', async ({ Class, undo }) => {
    const name = `unlink-${Class.name}-${undo}`
    const mine = Class.open(name, { value: 2, undo })
    const other = await startProcess<Modules>({ modules })
    await other.run(
      ({ unit, state }, [className, n]) => {
        state['there'] = unit[className].open(n)
        state['guards'] = [state['there'].acquire(), state['there'].acquire()]
      },
      [Class.name, name] as const,
    )
    const pending = [mine.acquireAsync(), mine.tryAcquireAsync({ timeoutMs: Infinity })].map(
      (promise) => expect(promise).rejects.toMatchObject(unlinked),
    )
    expect(() => Class.unlink(name)).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
    expect(Class.unlink(name, { force: true })).toBe(true)
    await within(Promise.all(pending), 'the end of every wait')
    // A permit that is given back must not let others in by the fast path.
    await other.run(({ state }) => {
      for (const guard of state['guards']) guard.release()
    })
    expect(() => mine.acquire()).toThrow(expect.objectContaining(unlinked))
    expect(() => mine.tryAcquire({ timeoutMs: 5 })).toThrow(expect.objectContaining(unlinked))
    await expect(mine.acquireAsync()).rejects.toMatchObject(unlinked)
    await expect(other.run(({ state }) => state['there'].acquire())).rejects.toMatchObject(unlinked)
    await other.run(({ state }) => state['there'].close())
    const anew = Class.open(name, { value: 1, undo })
    anew.acquire().release()
    anew.close()
    mine.close()
  })
})
