import { inspect } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory, type Guard } from '@ipc/core'
import { setInterruption } from '@ipc/core/author'
import {
  startProcess,
  startWorker,
  stopAll,
  temporaryDirectory,
  TornCounter,
  uniqueName,
  until,
  within,
  type Contender,
} from '@ipc/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { RWLock } from './rwlock.ts'
import type * as core from '@ipc/core'
import type * as testing from '@ipc/testing'
import type * as locks from '../index.ts'

const directory = temporaryDirectory()
afterEach(stopAll)
afterAll(() => directory.remove())

const error = (code: string): unknown => expect.objectContaining({ code })
const DEADLOCK = error('ERR_IPC_DEADLOCK')
const NOT_OWNER = error('ERR_IPC_NOT_OWNER')
const IN_USE = error('ERR_IPC_IN_USE')
const CLOSED = error('ERR_IPC_CLOSED')

/** Runs a fake signal handler whenever the thread is about to sleep. */
const interruptWith = (handler: () => unknown): void =>
  setInterruption({ active: true, drain: () => (handler(), 0) })

/** The reason with which a promise will be rejected; it is checked later. */
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing: it was resolved',
    (reason: unknown) => reason,
  )

interface Modules {
  core: typeof core
  locks: typeof locks
  testing: typeof testing
}
const modules = {
  core: import.meta.resolve('@ipc/core'),
  locks: import.meta.resolve('@ipc/lock'),
  testing: import.meta.resolve('@ipc/testing'),
}

type Side = 'reader' | 'writer'

const SCOPES = [
  { scope: 'thread', start: startWorker, make: () => new RWLock() },
  { scope: 'process', start: startProcess, make: () => RWLock.create() },
] as const

async function join(
  start: typeof startProcess | typeof startWorker,
  lock: RWLock,
): Promise<Contender<Modules>> {
  const contender = await start<Modules>({ modules })
  await contender.run(({ locks: { RWLock: L }, state }, handle) => {
    state['lock'] = L.from(handle)
  }, lock.handle)
  return contender
}

const take = (contender: Contender<Modules>, side: Side): Promise<boolean> =>
  contender.start(({ state }, which) => {
    state['guard'] = state['lock'][which].acquire()
    return state['guard'].abandoned
  }, side)

const takeAsync = (contender: Contender<Modules>, side: Side): Promise<boolean> =>
  contender.start(async ({ state }, which) => {
    state['guard'] = await state['lock'][which].acquireAsync()
    return state['guard'].abandoned
  }, side)

const giveBack = (contender: Contender<Modules>): Promise<void> =>
  contender.run(({ state }) => state['guard'].release())

describe.each(SCOPES)('RWLock in $scope scope', ({ start, make }) => {
  test('readers read together; a writer waits for all of them, and they for it', async () => {
    const lock = make()
    const [other, third] = [await join(start, lock), await join(start, lock)]
    for (const form of [take, takeAsync]) {
      const mine = lock.reader.acquire()
      await within(form(other, 'reader'), 'a second reader')
      expect(lock.writer.tryAcquire()).toBe(null)
      const writing = form(third, 'writer')
      await until(() => lock.inspect().writer !== null, 'the writer waits')
      expect(await within(Promise.race([writing, delay(20, 'waits')]), 'a while')).toBe('waits')
      mine.release()
      await giveBack(other)
      expect(await within(writing, 'the writer')).toBe(false)
      expect(lock.reader.tryAcquire()).toBe(null)
      expect(await lock.reader.tryAcquireAsync({ timeoutMs: 5 })).toBe(null)
      const reading = [form(other, 'reader'), lock.reader.acquireAsync()] as const
      await until(() => lock.inspect().waiting, 'the readers wait')
      await giveBack(third)
      await within(reading[0], 'one reader')
      ;(await within(reading[1], 'the other reader')).release()
      await giveBack(other)
      lock.writer.acquire().release()
    }
  })

  test('a reader that comes behind a waiting writer waits, unless its thread reads already', async () => {
    const lock = make()
    const [other, writer] = [await join(start, lock), await join(start, lock)]
    await take(other, 'reader')
    const writing = take(writer, 'writer')
    await until(() => lock.inspect().writer !== null, 'the writer waits')
    expect(lock.reader.tryAcquire()).toBe(null)
    expect(lock.reader.tryAcquire({ timeoutMs: 5 })).toBe(null)
    const mine = lock.reader.acquireAsync()
    const more = await other.run(async ({ state }) => {
      const guards = [
        state['lock'].reader.acquire(),
        await state['lock'].reader.acquireAsync(),
        state['lock'].reader.tryAcquire(),
        await state['lock'].reader.tryAcquireAsync(),
      ]
      const held = guards.every((guard) => guard.held)
      for (const guard of guards) guard.release()
      return held
    })
    expect(more).toBe(true)
    await giveBack(other)
    await within(writing, 'the writer')
    expect(lock.inspect().waiting).toBe(true)
    await giveBack(writer)
    ;(await within(mine, 'the reader behind it')).release()
  })

  test('a thread that blocks to write does not wait for its own call that was let in to read', async () => {
    const lock = make()
    const other = await join(start, lock)
    const writing = lock.writer.acquire()
    const calls = [lock.reader.acquireAsync(), lock.reader.tryAcquireAsync({ timeoutMs: 20_000 })]
    writing.release() // lets them in, but this thread goes on
    for (const timeoutMs of [Infinity, 20_000]) {
      const guard = lock.writer.tryAcquire({ timeoutMs })!
      expect(lock.inspect().readers).toEqual([])
      guard.release()
    }
    for (const guard of await within(Promise.all(calls), 'the calls')) guard!.release()

    await take(other, 'writer')
    const call = lock.reader.acquireAsync()
    void giveBack(other)
    lock.writer.acquire().release()
    const reading = await within(call, 'the call')
    expect(lock.writer.tryAcquire()).toBe(null)
    reading.release()
    await take(other, 'writer')
    await giveBack(other)
  })

  test('a reader that is killed: its share is returned, and nobody is told', async () => {
    const lock = make()
    for (const form of [take, takeAsync]) {
      const victim = await join(start, lock)
      await form(victim, 'reader')
      const writing = lock.writer.acquireAsync()
      await delay(10)
      await victim.terminate()
      const guard = await within(writing, 'the writer')
      expect(guard.abandoned).toBe(false)
      guard.release()
    }
    // And one that nobody waits for yet.
    const victim = await join(start, lock)
    await take(victim, 'reader')
    await victim.terminate()
    expect(lock.inspect().readers).toEqual([])
    lock.writer.tryAcquire()!.release()
  })

  test.each(['reader', 'writer'] as const)(
    'a writer that is killed inside: the next %s is told, and only that one',
    async (side) => {
      const lock = make()
      const other = await join(start, lock)
      for (const isWaitedFor of [false, true]) {
        for (const form of [take, takeAsync]) {
          const victim = await join(start, lock)
          await form(victim, 'writer')
          // The first is told, and all give it back.
          const pass = async (taken: Promise<boolean>): Promise<boolean> => {
            const abandoned = await taken
            await giveBack(other)
            return abandoned
          }
          const turns: Promise<boolean>[] = []
          if (isWaitedFor) {
            turns.push(pass(form(other, side)))
            turns.push(lock.reader.withAsync((guard) => guard.abandoned))
            await until(() => lock.inspect().waiting, 'they wait')
            await delay(10)
          }
          await victim.terminate()
          if (!isWaitedFor) turns.push(pass(form(other, side)))
          const told = await within(Promise.all(turns), 'all who want it')
          expect(told.filter(Boolean)).toHaveLength(1)
          for (const each of [lock.reader, lock.writer, lock.reader]) {
            const guard = each.acquire()
            expect(guard.abandoned).toBe(false)
            guard.release()
          }
        }
      }
    },
  )

  test('a reader that was told and is killed before it leaves: the next is told again', async () => {
    const lock = make()
    const [first, second] = [await join(start, lock), await join(start, lock)]
    await take(first, 'writer')
    await first.terminate()
    expect(await within(take(second, 'reader'), 'a reader')).toBe(true)
    const mine = lock.reader.acquire()
    expect(mine.abandoned).toBe(false) // another was told, and is here
    mine.release()
    await second.terminate()
    const reader = lock.reader.acquire()
    expect(reader.abandoned).toBe(true)
    const nested = lock.reader.acquire()
    expect(nested.abandoned).toBe(false)
    reader.release()
    nested.release()
    expect(lock.writer.with((guard) => guard.abandoned)).toBe(false)
  })

  test('a writer that gives up behind readers does not hide that another died inside', async () => {
    const lock = make()
    const [first, second] = [await join(start, lock), await join(start, lock)]
    await take(first, 'writer')
    await first.terminate()
    // It takes the lock over, but for a reader that only tries, so it gives the lock back.
    await second.run(({ state }) => void state['lock'].writer.tryAcquire({ timeoutMs: 0 })?.held)
    await second.terminate() // it may have it: then it dies inside, too
    expect(lock.reader.with((guard) => guard.abandoned)).toBe(true)
    expect(lock.writer.with((guard) => guard.abandoned)).toBe(false)
  })

  test('a waiting writer, a waiting reader that are killed: the others go on', async () => {
    const lock = make()
    for (const side of ['writer', 'reader'] as const) {
      for (const form of [take, takeAsync]) {
        const [victim, other] = [await join(start, lock), await join(start, lock)]
        const mine = side === 'writer' ? lock.reader.acquire() : lock.writer.acquire()
        void form(victim, side)
        await until(() => side === 'reader' || lock.inspect().writer !== null, 'the victim waits')
        const turn = form(other, side === 'writer' ? 'reader' : 'writer')
        await delay(20)
        await victim.terminate()
        if (side === 'reader') mine.release()
        await within(turn, 'the other')
        if (side === 'writer') mine.release()
        await giveBack(other)
        lock.writer.with((guard) => expect(guard.abandoned).toBe(false))
      }
    }
  })

  test('four endless readers do not starve a writer, four endless writers not a reader', async () => {
    const lock = make()
    const [shared, handle] = sharedWords(lock.scope)
    const crowd = await Promise.all(Array.from({ length: 4 }, () => join(start, lock)))
    const run = (side: Side, ms: number): Promise<{ turns: number }[]> =>
      Promise.all(
        crowd.map((contender, i) =>
          contender.run(
            async ({ core: { SharedMemory: M }, state }, given) => {
              const memory = given.buffer === null ? M.from(given.memory as never) : null
              const words = new Int32Array((memory?.buffer ?? given.buffer) as SharedArrayBuffer)
              const each = state['lock'][given.side]
              const end = performance.now() + given.ms
              let turns = 0
              while (performance.now() < end) {
                // oxlint-disable-next-line no-await-in-loop -- turns
                const guard = given.isAsync ? await each.acquireAsync() : each.acquire()
                const inside = Atomics.add(words, 0, 1) + 1
                if (given.side === 'writer' && inside !== 1) throw new Error(`${inside} inside`)
                for (let most = Atomics.load(words, 1); inside > most;) {
                  most = Atomics.compareExchange(words, 1, most, inside)
                }
                const pauseEnd = performance.now() + 0.3
                while (performance.now() < pauseEnd);
                Atomics.sub(words, 0, 1)
                guard.release()
                turns++
              }
              return { turns }
            },
            { ...handle, side, ms, isAsync: i === 3 },
          ),
        ),
      )
    for (const side of ['reader', 'writer'] as const) {
      Atomics.store(shared, 1, 0)
      const other = side === 'reader' ? lock.writer : lock.reader
      const crowding = run(side, 1200)
      await until(() => Atomics.load(shared, 1) > 0, 'they are at it')
      let mine = 0
      let inside = 0
      let longest = 0
      const end = performance.now() + 900
      while (performance.now() < end) {
        const asked = performance.now()
        const guard = mine % 2 === 0 ? other.acquire() : await other.acquireAsync()
        longest = Math.max(longest, performance.now() - asked)
        if (side === 'reader') inside += Atomics.load(shared, 0)
        guard.release()
        mine++
        if (mine % 8 === 0) await delay(1)
      }
      const turns = (await crowding).map((each) => each.turns)
      process.stdout.write(
        `  figure: four endless ${side}s ${turns.join(' ')}; meanwhile one of the other side ${mine} times, waited ${longest.toFixed(1)} ms at most\n`,
      )
      expect(mine).toBeGreaterThan(10)
      for (const each of turns) expect(each).toBeGreaterThan(2)
      expect(inside).toBe(0)
      const overlapped = Atomics.load(shared, 1) > 1
      expect(overlapped).toBe(side === 'reader')
    }
  }, 60_000)

  test('random readers and writers, blocking and not, some giving up: no counter is torn', async () => {
    const lock = make()
    const [, handle] = sharedWords(lock.scope)
    const contenders = await Promise.all(Array.from({ length: 5 }, () => join(start, lock)))
    const counts = await within(
      Promise.all(
        contenders.map((contender, i) =>
          contender.start(
            async ({ core: { SharedMemory: M }, testing: { TornCounter: T }, state }, given) => {
              const memory = given.buffer === null ? M.from(given.memory as never) : null
              const buffer = (memory?.buffer ?? given.buffer) as SharedArrayBuffer
              const counter = new T(buffer, 8)
              const { lock: it } = state
              let seed = given.seed
              const random = (n: number): number => {
                seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
                return (seed >>> 8) % n
              }
              let written = 0
              for (let turn = 0; turn < given.turns; turn++) {
                const side = random(3) === 0 ? it.writer : it.reader
                const form = random(5)
                let guard: Guard | null = null
                try {
                  if (form === 0) guard = side.acquire()
                  else if (form === 1) guard = side.tryAcquire({ timeoutMs: random(3) / 4 })
                  else if (form === 2)
                    guard = await side.acquireAsync() // oxlint-disable-line no-await-in-loop
                  // oxlint-disable-next-line no-await-in-loop
                  else if (form === 3) guard = await side.tryAcquireAsync({ timeoutMs: random(4) })
                  else {
                    const signal = AbortSignal.timeout(random(3))
                    guard = await side.acquireAsync({ signal }) // oxlint-disable-line no-await-in-loop
                  }
                } catch (reason) {
                  if ((reason as Error).name !== 'TimeoutError') throw reason
                }
                if (guard === null) continue
                if (guard.abandoned) throw new Error('nobody died')
                if (side === it.writer) {
                  counter.increment()
                  written++
                } else {
                  void counter.value // throws if it is torn
                  if (random(4) === 0) it.reader.with(() => counter.value)
                }
                guard.release()
              }
              return written
            },
            { ...handle, seed: 7 + i * 1001, turns: 2000 },
          ),
        ),
      ),
      'all turns',
      { timeoutMs: 60_000 },
    )
    const counter = new TornCounter(handle.view, 8)
    expect(counter.value).toBe(counts.reduce((sum, each) => sum + each, 0))
    expect(counter.value).toBeGreaterThan(500)
    expect(lock.inspect()).toMatchObject({ writer: null, readers: [] })
    lock.writer.tryAcquire({ timeoutMs: 20_000 })!.release()
  }, 90_000)
})

/** Some words that contenders of a scope can have. */
function sharedWords(
  scope: string,
): [Int32Array, { buffer: SharedArrayBuffer | null; memory: unknown; view: ArrayBufferLike }] {
  if (scope === 'thread') {
    const buffer = new SharedArrayBuffer(64)
    // The view is not sent: a SharedArrayBuffer is.
    return [
      new Int32Array(buffer),
      Object.defineProperty({ buffer, memory: null, view: buffer }, 'view', {
        enumerable: false,
        value: buffer,
      }),
    ]
  }
  const memory = SharedMemory.create({ byteLength: 64 })
  const view = memory.buffer
  return [
    new Int32Array(view),
    Object.defineProperty({ buffer: null, memory: memory.handle, view }, 'view', {
      enumerable: false,
      value: view,
    }),
  ]
}

describe('RWLock in one thread', () => {
  test('a reader that asks for the writer lock, a writer for either: ERR_IPC_DEADLOCK', async () => {
    const lock = new RWLock()
    for (const form of ['blocking', 'async']) {
      const reader = form === 'async' ? await lock.reader.acquireAsync() : lock.reader.acquire()
      expect(() => lock.writer.acquire()).toThrow(DEADLOCK)
      expect(() => lock.writer.tryAcquire({ timeoutMs: Infinity })).toThrow(DEADLOCK)
      expect(() => lock.writer.with(() => {})).toThrow(DEADLOCK)
      const start = performance.now()
      expect(lock.writer.tryAcquire({ timeoutMs: 10 })).toBe(null)
      expect(performance.now() - start).toBeGreaterThanOrEqual(10)
      expect(lock.writer.tryAcquire()).toBe(null)
      expect(reader.held).toBe(true)
      reader.release()

      const writer = form === 'async' ? await lock.writer.acquireAsync() : lock.writer.acquire()
      for (const side of [lock.reader, lock.writer]) {
        expect(() => side.acquire()).toThrow(DEADLOCK)
        expect(() => side.tryAcquire({ timeoutMs: Infinity })).toThrow(DEADLOCK)
        expect(side.tryAcquire({ timeoutMs: 10 })).toBe(null)
        expect(side.tryAcquire()).toBe(null)
      }
      expect(writer.held).toBe(true)
      writer.release()
      expect(lock.inspect()).toMatchObject({ writer: null, readers: [], waiting: false })
    }
  })

  test('a call that waits for the readers, and one that blocks, share what they have', async () => {
    const lock = new RWLock()
    const again = RWLock.from(lock.handle)
    const reader = lock.reader.acquire()
    const writing = lock.writer.acquireAsync()
    await until(() => lock.inspect().writer !== null, 'it waits for the reader')
    expect(again.writer.tryAcquire({ timeoutMs: 10 })).toBe(null)
    reader.release()
    const first = again.writer.acquire() // before the call, which it overtakes
    expect(() => lock.writer.release()).not.toThrow() // of this thread
    expect(first.held).toBe(false)
    const second = await within(writing, 'the call')
    expect(() => lock.writer.release()).toThrow(NOT_OWNER) // an async form took it
    expect(again.writer.tryAcquire()).toBe(null)
    second.release()
    again.close()
    expect(lock.inspect().writer).toBe(null)
  })

  test('calls of one thread that wait to read are let in when a blocking one is', async () => {
    const lock = new RWLock()
    const other = await join(startWorker, lock)
    await take(other, 'writer')
    const calls = [lock.reader.acquireAsync(), lock.reader.acquireAsync()]
    await delay(5)
    void other.start(({ state }) => void setTimeout(() => state['guard'].release(), 20))
    const mine = lock.reader.acquire()
    mine.release()
    for (const guard of await within(Promise.all(calls), 'the calls')) guard.release()
    expect(lock.writer.tryAcquire({ timeoutMs: 20_000 })).not.toBe(null)
    lock.writer.release()
  })

  test('a guard releases once; the newest share of a blocking form is released by release()', async () => {
    const lock = new RWLock()
    const shares = [lock.reader.acquire(), await lock.reader.acquireAsync(), lock.reader.acquire()]
    lock.reader.release()
    expect(shares.map(({ held }) => held)).toEqual([true, true, false])
    shares[2]!.release()
    lock.reader.release()
    expect(shares.map(({ held }) => held)).toEqual([false, true, false])
    expect(() => lock.reader.release()).toThrow(NOT_OWNER)
    expect(lock.writer.tryAcquire()).toBe(null)
    shares[1]![Symbol.dispose]()
    expect(() => lock.reader.release()).toThrow(NOT_OWNER)
    expect(() => lock.writer.release()).toThrow(NOT_OWNER)
    const writer = lock.writer.acquire()
    for (const share of shares) share.release()
    expect(writer.held).toBe(true)
    writer.release()
    const later = lock.writer.acquire()
    writer.release()
    writer[Symbol.dispose]()
    expect(later.held).toBe(true)
    lock.writer.release()
    expect(later.held).toBe(false)
  })

  test('with() and withAsync() of both sides', async () => {
    const lock = new RWLock()
    const failure = new Error('inside')
    for (const side of [lock.reader, lock.writer]) {
      expect(side.with((guard) => guard.held)).toBe(true)
      expect(() => side.with(() => Promise.resolve())).toThrow(TypeError)
      expect(() =>
        side.with(() => {
          throw failure
        }),
      ).toThrow(failure)
      expect(await side.withAsync(async (guard) => guard.held)).toBe(true)
      await expect(side.withAsync(() => Promise.reject(failure))).rejects.toBe(failure)
    }
    expect(lock.writer.tryAcquire()).not.toBe(null)
  })

  test('close(): refused as a whole while either side is held, otherwise ends what is pending', async () => {
    const lock = RWLock.create()
    const again = RWLock.from(lock.handle)
    for (const side of ['reader', 'writer'] as const) {
      const guard = lock[side].acquire()
      for (const closing of [lock, lock.reader, lock.writer]) {
        expect(() => closing.close()).toThrow(IN_USE)
      }
      expect(guard.held).toBe(true)
      guard.release()
      lock.reader.acquire().release()
      lock.writer.acquire().release()
    }
    const guard = again.writer.acquire()
    const pending = [lock.reader, lock.writer].map((side) => reasonOf(side.acquireAsync()))
    const theirs = again.reader.acquireAsync()
    lock.close()
    lock.close()
    expect(await Promise.all(pending)).toEqual([CLOSED, CLOSED])
    for (const side of [lock.reader, lock.writer]) {
      expect(() => side.acquire()).toThrow(CLOSED)
      expect(() => side.tryAcquire()).toThrow(CLOSED)
      expect(() => side.release()).toThrow(CLOSED)
      expect(() => side.inspect()).toThrow(CLOSED)
      await expect(side.acquireAsync()).rejects.toEqual(CLOSED)
    }
    expect(inspect(lock)).toBe('RWLock (closed)')
    guard.release()
    ;(await within(theirs, 'the other object')).release()
    again.writer.acquire().release()
    again.close()
    expect(() => RWLock.from(lock.handle)).toThrow(error('ERR_IPC_UNLINKED'))
  })

  test('closing a writer that waits for readers gives the lock back', async () => {
    const lock = new RWLock()
    const again = RWLock.from(lock.handle)
    const reader = again.reader.acquire()
    const pending = reasonOf(lock.writer.acquireAsync())
    await until(() => again.inspect().writer !== null, 'it waits for the reader')
    lock.close()
    expect(await pending).toEqual(CLOSED)
    expect(again.inspect().writer).toBe(null)
    reader.release()
    again.writer.tryAcquire()!.release()
  })

  test('a signal handler that reads, or tries to write, while this thread waits to read', async () => {
    const lock = new RWLock()
    const other = await join(startWorker, lock)
    await take(other, 'writer')
    void other.start(({ state }) => void setTimeout(() => state['guard'].release(), 30))
    const seen: boolean[] = []
    interruptWith(() => {
      const share = lock.reader.tryAcquire()
      const write = lock.writer.tryAcquire()
      seen.push(share !== null && write !== null)
      share?.release()
      write?.release()
    })
    try {
      const mine = lock.reader.acquire()
      expect(mine.held).toBe(true)
      expect(lock.inspect().readers).toHaveLength(1)
      mine.release()
      expect(lock.writer.tryAcquire({ timeoutMs: 20_000 })!.held).toBe(true)
      lock.writer.release()
    } finally {
      setInterruption(null)
    }
    expect(seen.length).toBeGreaterThan(0)
    expect(seen).not.toContain(true)
  })

  test('bad input, inspect(), unlink()', async () => {
    expect(() => RWLock.at(new SharedArrayBuffer(8), 0)).toThrow(RangeError)
    expect(() => RWLock.at({} as never, 0)).toThrow(TypeError)
    expect(() => RWLock.from(null as never)).toThrow(TypeError)
    const lock = new RWLock()
    for (const side of [lock.reader, lock.writer]) {
      expect(() => side.tryAcquire({ timeoutMs: Number.NaN })).toThrow(RangeError)
      expect(() => side.tryAcquire({ timeoutMs: '1' as never })).toThrow(TypeError)
      expect(() => side.tryAcquire(5 as never)).toThrow(TypeError)
      await expect(side.acquireAsync({ signal: 1 as never })).rejects.toThrow(TypeError)
      const reason = new Error('no')
      const signal = AbortSignal.abort(reason)
      await expect(side.acquireAsync({ signal })).rejects.toBe(reason)
    }
    const name = uniqueName()
    expect(() => RWLock.open(name, { create: false })).toThrow(error('ENOENT'))
    const named = RWLock.open(name)
    const { pid } = process
    named.reader.with(() => {
      const me = { pid, threadId: 0, alive: true }
      expect(named.inspect()).toEqual({
        kind: 'rwlock',
        name,
        scope: 'process',
        writer: null,
        readers: [me],
        waiting: false,
      })
      expect(named.reader.inspect()).toEqual(named.inspect())
    })
    expect(inspect(named)).toMatch(/^RWLock \{[^]*readers: \[\]/)
    const other = await startProcess<Modules>({ modules })
    const waits = other.start(({ locks: { RWLock: L } }, called) => {
      const theirs = L.open(called)
      theirs.writer.acquire()
    }, name)
    await within(waits, 'the other')
    const mine = reasonOf(named.reader.acquireAsync())
    expect(() => RWLock.unlink(name)).toThrow(IN_USE)
    expect(
      await other.run(
        ({ locks: { RWLock: L } }, called) => L.unlink(called, { force: true }),
        name,
      ),
    ).toBe(true)
    expect(await within(mine, 'the reader')).toEqual(error('ERR_IPC_UNLINKED'))
    expect(() => named.writer.acquire()).toThrow(error('ERR_IPC_UNLINKED'))
    expect(() => named.writer.tryAcquire()).toThrow(error('ERR_IPC_UNLINKED'))
    expect(() => named.reader.tryAcquire()).toThrow(error('ERR_IPC_UNLINKED'))
    expect(RWLock.unlink(name)).toBe(false)
  })
})
