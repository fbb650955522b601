import { inspect } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory, type Guard } from '@ipc/core'
import { setInterruption } from '@ipc/core/author'
import { Lock, RLock } from '@ipc/lock'
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
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { Condition } from './condition.ts'
import { Event } from '../event.ts'
import type * as core from '@ipc/core'
import type * as locks from '@ipc/lock'
import type * as sync from '../index.ts'

const directory = temporaryDirectory()
afterEach(stopAll)
afterAll(() => directory.remove())

const NOT_OWNER = expect.objectContaining({ code: 'ERR_IPC_NOT_OWNER' })
const CLOSED = expect.objectContaining({ code: 'ERR_IPC_CLOSED' })

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
  sync: typeof sync
}
const modules = {
  core: import.meta.resolve('@ipc/core'),
  locks: import.meta.resolve('@ipc/lock'),
  sync: import.meta.resolve('@ipc/sync'),
}

interface Pair {
  readonly lock: Lock
  readonly condition: Condition
}

/** Both in this scope, and contenders that have them. */
const SCOPES = [
  {
    scope: 'thread',
    kinds: [startWorker],
    make: (): Pair => {
      const lock = new Lock()
      return { lock, condition: new Condition(lock) }
    },
  },
  {
    scope: 'process',
    kinds: [startProcess, startWorker],
    make: (): Pair => {
      const lock = Lock.create()
      return { lock, condition: Condition.create({ lock }) }
    },
  },
] as const

async function join(
  start: typeof startProcess | typeof startWorker,
  { lock, condition }: Pair,
): Promise<Contender<Modules>> {
  const contender = await start<Modules>({ modules })
  await contender.run(
    ({ locks: { Lock: L }, sync: { Condition: C }, state }, handles) => {
      state['lock'] = L.from(handles.lock)
      state['condition'] = C.from(handles.condition, { lock: state['lock'] })
    },
    { lock: lock.handle, condition: condition.handle },
  )
  return contender
}

/** One wait; resolves to 'woken'. */
function wait(contender: Contender<Modules>, async: boolean): Promise<unknown> {
  return contender.start(async ({ state: { lock, condition } }, isAsync) => {
    if (isAsync) return await lock.withAsync((guard: Guard) => condition.waitAsync(guard))
    return lock.with((guard: Guard) => condition.wait(guard))
  }, async)
}

describe.each(SCOPES)('Condition in $scope scope', ({ make, kinds }) => {
  test('notify(2) wakes 2 of 6, the oldest, notify(4) the others; then nobody waits', async () => {
    const pair = make()
    const { lock, condition } = pair
    const contenders: Contender<Modules>[] = []
    for (const start of kinds.length === 2 ? kinds : [...kinds, ...kinds]) {
      // oxlint-disable-next-line no-await-in-loop -- three of each
      for (let i = 0; i < 3; i++) contenders.push(await join(start, pair))
    }
    for (let round = 0; round < 5; round++) {
      const woken: number[] = []
      const waits: Promise<unknown>[] = []
      for (const [i, contender] of contenders.entries()) {
        waits.push(wait(contender, (i + round) % 2 === 0).then(() => woken.push(i)))
        await until(() => condition.inspect().waiting === i + 1, `waiter ${i} waits`)
      }
      lock.with(() => condition.notify(2))
      expect(condition.inspect().waiting).toBe(4)
      await within(Promise.all(waits.slice(0, 2)), 'the two oldest')
      await delay(round === 0 ? 30 : 1)
      expect(woken.toSorted((a, b) => a - b)).toEqual([0, 1])
      lock.with(() => condition.notify(4))
      await within(Promise.all(waits), 'the other four')
      lock.with(() => condition.notify(3)) // nobody waits
      lock.with((guard) => expect(condition.tryWait(guard, { timeoutMs: 5 })).toBe(false))
    }
    const later = wait(contenders[0]!, false)
    await until(() => condition.inspect().waiting === 1, 'one waits')
    await delay(20)
    expect(condition.inspect().waiting).toBe(1)
    lock.with(() => condition.notifyAll())
    await within(later, 'the last')
  }, 60_000)

  test('a waiter that is killed: notify returns at once, no other loses its turn', async () => {
    const pair = make()
    const { lock, condition } = pair
    const others = [await join(kinds[0], pair), await join(kinds[0], pair)]
    for (let round = 0; round < 6; round++) {
      const victim = await join(kinds[0], pair)
      // The victim is the oldest, then there are two others.
      void wait(victim, round % 2 === 0)
      await until(() => condition.inspect().waiting === 1, 'the victim waits')
      const woken = others.map((other) => wait(other, round > 2))
      await until(() => condition.inspect().waiting === 3, 'all wait')
      if (round < 2) {
        await victim.terminate() // dead before anybody notifies
        lock.with(() => condition.notify(2))
      } else {
        // It dies when it may have been chosen, or have the lock, or before.
        lock.with(() => {
          if (round % 3 === 0) void victim.terminate()
          condition.notify(1)
          condition.notify(2)
          if (round % 3 === 1) void victim.terminate()
        })
        if (round % 3 === 2) void victim.terminate()
      }
      await within(Promise.all(woken), 'the two others')
      await victim.exited
      lock.acquire().release() // it may have died with the lock
      expect(condition.inspect().waiting).toBe(0)
    }
  })

  test('a notified waiter that dies without taking the lock passes its turn on', async () => {
    const pair = make()
    const { lock, condition } = pair
    const other = await join(kinds[0], pair)
    for (let round = 0; round < 4; round++) {
      const victim = await join(kinds[0], pair)
      void wait(victim, round % 2 === 0)
      await until(() => condition.inspect().waiting === 1, 'the victim waits')
      const woken = wait(other, round > 1)
      await until(() => condition.inspect().waiting === 2, 'both wait')
      const guard = lock.acquire()
      condition.notify(1) // for the victim, which cannot have the lock
      await delay(2)
      await victim.terminate()
      guard.release()
      expect(await within(woken, 'the other')).toBe(true)
    }
  })

  test('the owner of the lock is killed when it has notified nobody: one waiter is told', async () => {
    const pair = make()
    const { lock, condition } = pair
    const waiters = [await join(kinds[0], pair), await join(kinds[0], pair)]
    const victim = await join(kinds[0], pair)
    const told = waiters.map((waiter, i) =>
      waiter.start(async ({ state: { lock: l, condition: c } }, isAsync) => {
        const guard: Guard = isAsync ? await l.acquireAsync() : l.acquire()
        if (isAsync) await c.waitAsync(guard)
        else c.wait(guard)
        const { abandoned } = guard
        if (abandoned) c.notifyAll() // repairs what there is
        guard.release()
        return abandoned
      }, i === 1),
    )
    await until(() => condition.inspect().waiting === 2, 'both wait')
    await victim.run(({ state }) => void state['lock'].acquire())
    expect(lock.locked).toBe(true)
    await victim.terminate()
    const abandoned = await within(Promise.all(told), 'both waiters')
    expect(abandoned.filter(Boolean)).toHaveLength(1)
    expect(lock.acquire().abandoned).toBe(false)
    lock.release()
  })

  test('the owner of the lock is killed before it notifies: waiters of every condition look again', async () => {
    const pair = make()
    const { lock, condition } = pair
    const isThread = lock.scope === 'thread'
    const other = isThread ? new Condition(lock) : Condition.create({ lock })
    const [done, over] = isThread ? [new Event(), new Event()] : [Event.create(), Event.create()]
    const handles = [other.handle, done.handle, over.handle]
    const open = async (): Promise<Contender<Modules>> => {
      const contender = await join(kinds[0], pair)
      await contender.run(({ sync: { Condition: C, Event: E }, state }, [c, d, o]) => {
        state['other'] = C.from(c!, { lock: state['lock'] })
        state['done'] = E.from(d!)
        state['over'] = E.from(o!)
      }, handles)
      return contender
    }
    const waiters = [await open(), await open(), await open()]
    for (let round = 0; round < 4; round++) {
      const victim = await open()
      // Only one waits for what the victim does. Others may be the first to have the lock then.
      const waits = waiters.map((waiter, i) =>
        waiter.start(
          async ({ state }, [of, event, isAsync]) => {
            const guard: Guard = await state['lock'].acquireAsync()
            const isSet = (): boolean => state[event!].isSet
            if (isAsync) await state[of!].waitForAsync(guard, isSet)
            else state[of!].waitFor(guard, isSet)
            guard.release()
          },
          [...(i < 2 ? ['condition', 'over'] : ['other', 'done']), (round + i) % 2 ? 'async' : ''],
        ),
      )
      await until(() => condition.inspect().waiting === 2, 'two wait for the one condition')
      await until(() => other.inspect().waiting === 1, 'one waits for the other condition')
      await victim.run(({ state }) => {
        state['lock'].acquire()
        state['done'].set()
      })
      await victim.terminate()
      await within(waits[2]!, 'the one that waits for the other condition')
      expect(over.isSet).toBe(false)
      lock.with(() => {
        over.set()
        condition.notifyAll()
      })
      await within(Promise.all(waits), 'the others')
      over.clear()
      done.clear()
    }
  })

  test('tryWait() waits at least as long as it was told, and for the lock', async () => {
    const pair = make()
    const { lock, condition } = pair
    const other = await join(kinds[0], pair)
    const start = performance.now()
    lock.with((guard) => expect(condition.tryWait(guard, { timeoutMs: 20 })).toBe(false))
    await lock.withAsync(async (guard) => {
      expect(await condition.tryWaitAsync(guard, { timeoutMs: 20 })).toBe(false)
      expect(await condition.tryWaitAsync(guard)).toBe(false)
      expect(condition.tryWait(guard)).toBe(false)
      expect(guard.held).toBe(true)
    })
    expect(performance.now() - start).toBeGreaterThanOrEqual(40)
    const guard = lock.acquire()
    const held = other.start(({ state: { lock: theirs } }) => {
      const mine = theirs.acquire()
      const end = performance.now() + 60
      while (performance.now() < end);
      mine.release()
    })
    await until(() => lock.inspect().waiting, 'the other wants it')
    const began = performance.now()
    expect(condition.tryWait(guard, { timeoutMs: 5 })).toBe(false)
    expect(performance.now() - began).toBeGreaterThanOrEqual(5)
    expect(guard.held).toBe(true)
    expect(lock.locked).toBe(true)
    guard.release()
    await held
  })

  test('an aborted waitAsync() has the lock back, and passes its turn on', async () => {
    const pair = make()
    const { lock, condition } = pair
    const other = await join(kinds[0], pair)
    const reasons: unknown[] = []
    for (let round = 0; round < 6; round++) {
      const controller = new AbortController()
      const guard = await lock.acquireAsync()
      const mine = condition.waitAsync(guard, { signal: controller.signal })
      const failed = reasonOf(mine)
      const theirs = wait(other, round % 2 === 0)
      await until(() => condition.inspect().waiting === 2, 'both wait')
      await lock.withAsync(() => {
        condition.notify(1) // for the one here
        if (round < 3) controller.abort('enough')
      })
      if (round < 3) {
        reasons.push(await failed)
      } else {
        await mine
        controller.abort('too late')
        condition.notify(1)
      }
      expect(guard.held).toBe(true)
      guard.release()
      await within(theirs, 'the other')
    }
    expect(reasons).toEqual(['enough', 'enough', 'enough'])
  })
})

describe('Condition in one thread', () => {
  const lock = new Lock()
  const condition = new Condition(lock)

  test('bad input', async () => {
    const foreign = { acquire() {}, release() {}, isHeldHere: true, isHeldBy: () => true }
    for (const bad of [foreign, null, undefined, {}, 'lock', condition] as never[]) {
      expect(() => new Condition(bad)).toThrow(TypeError)
      expect(() => Condition.create({ lock: bad })).toThrow(TypeError)
      expect(() => Condition.open(uniqueName(), { lock: bad })).toThrow(TypeError)
      expect(() => Condition.at(new SharedArrayBuffer(8000), 0, { lock: bad })).toThrow(TypeError)
      expect(() => Condition.from(condition.handle, { lock: bad })).toThrow(TypeError)
    }
    expect(() => Condition.create(undefined as never)).toThrow(TypeError)
    expect(() => Condition.at(new SharedArrayBuffer(80), 0, { lock })).toThrow(RangeError)
    const guard = lock.acquire()
    for (const count of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(() => condition.notify(count)).toThrow(RangeError)
    }
    expect(() => condition.notify('1' as never)).toThrow(TypeError)
    for (const predicate of [undefined, null, 5] as never[]) {
      expect(() => condition.waitFor(guard, predicate)).toThrow(TypeError)
      await expect(condition.waitForAsync(guard, predicate)).rejects.toThrow(TypeError)
    }
    expect(() => condition.waitFor(guard, async () => true)).toThrow(/waitForAsync/)
    for (const timeoutMs of [Number.NaN]) {
      expect(() => condition.tryWait(guard, { timeoutMs })).toThrow(RangeError)
      expect(() => condition.waitFor(guard, () => 1, { timeoutMs })).toThrow(RangeError)
      await expect(condition.tryWaitAsync(guard, { timeoutMs })).rejects.toThrow(RangeError)
    }
    expect(() => condition.tryWait(guard, { timeoutMs: '1' as never })).toThrow(TypeError)
    await expect(condition.waitAsync(guard, { signal: 1 as never })).rejects.toThrow(TypeError)
    expect(condition.inspect().waiting).toBe(0)
    expect(guard.held).toBe(true)
    guard.release()
  })

  test('wait and notify without holding, and with another guard, throw', async () => {
    const stale = lock.acquire()
    stale.release()
    const another = new Lock().acquire()
    const expectNotOwner = async (guard: Guard): Promise<void> => {
      expect(() => condition.wait(guard)).toThrow(NOT_OWNER)
      expect(() => condition.tryWait(guard, { timeoutMs: 5 })).toThrow(NOT_OWNER)
      expect(() => condition.waitFor(guard, () => true)).toThrow(NOT_OWNER)
      await expect(condition.waitAsync(guard)).rejects.toEqual(NOT_OWNER)
      await expect(condition.tryWaitAsync(guard)).rejects.toEqual(NOT_OWNER)
      await expect(condition.waitForAsync(guard, () => true)).rejects.toEqual(NOT_OWNER)
    }
    const none = [null, undefined, {}, 5] as never as Guard[]
    for (const guard of [stale, another, ...none]) await expectNotOwner(guard)
    expect(() => condition.notify()).toThrow(NOT_OWNER)
    expect(() => condition.notifyAll()).toThrow(NOT_OWNER)
    const guard = lock.acquire()
    for (const wrong of [stale, another, ...none]) await expectNotOwner(wrong)
    condition.notify()
    guard.release()
    expect(condition.inspect().waiting).toBe(0)
  })

  test('waitFor() gives what the predicate gives, asked once when the time is over', () => {
    lock.with((guard) => {
      let asked = 0
      expect(condition.waitFor(guard, () => (asked++, 'value'))).toBe('value')
      expect(asked).toBe(1)
      for (const timeoutMs of [0, -1, -Infinity]) {
        asked = 0
        expect(condition.waitFor(guard, () => (asked++, 0), { timeoutMs })).toBe(0)
        expect(asked).toBe(1)
      }
      asked = 0
      const start = performance.now()
      expect(condition.waitFor(guard, () => asked++ > 0, { timeoutMs: 20 })).toBe(true)
      expect(asked).toBe(2) // once more after the time-out
      expect(performance.now() - start).toBeGreaterThanOrEqual(20)
      expect(guard.held).toBe(true)
    })
  })

  test('waitForAsync() asks again when it is notified', async () => {
    let ready = ''
    const waiting = lock.withAsync((guard) => condition.waitForAsync(guard, async () => ready))
    await until(() => condition.inspect().waiting === 1, 'it waits')
    await lock.withAsync(() => condition.notify())
    await until(() => condition.inspect().waiting === 1, 'it waits again')
    await lock.withAsync(() => {
      ready = 'yes'
      condition.notify()
    })
    expect(await within(waiting, 'waitForAsync()')).toBe('yes')
    const aborted = lock.withAsync((guard) =>
      condition.waitForAsync(guard, () => false, { signal: AbortSignal.abort('no') }),
    )
    await expect(aborted).rejects.toBe('no')
    await lock.withAsync(async (guard) => {
      expect(await condition.waitForAsync(guard, () => '', { timeoutMs: 10 })).toBe('')
    })
  })

  test('a predicate that throws: the lock is held, and the error comes out', async () => {
    const failure = new Error('in the predicate')
    const guard = lock.acquire()
    const fails = (): never => {
      throw failure
    }
    expect(() => condition.waitFor(guard, fails)).toThrow(failure)
    expect(guard.held).toBe(true)
    await expect(condition.waitForAsync(guard, fails)).rejects.toBe(failure)
    await expect(condition.waitForAsync(guard, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(guard.held).toBe(true)
    let asked = 0
    const later = (): boolean => {
      if (asked++ > 0) throw failure
      return false
    }
    expect(() => condition.waitFor(guard, later, { timeoutMs: 5 })).toThrow(failure)
    expect(guard.held).toBe(true)
    expect(condition.inspect().waiting).toBe(0)
    guard.release()
  })

  test('close() rejects what is pending, with the lock held', async () => {
    const own = new Condition(lock)
    const again = Condition.from(own.handle, { lock })
    const results: unknown[] = []
    const waits = [1, 2].map(() =>
      lock.withAsync(async (guard) => {
        await own.waitAsync(guard).catch((error: { code: string }) => results.push(error.code))
        results.push(guard.held)
      }),
    )
    await until(() => again.inspect().waiting === 2, 'both wait')
    own.close()
    own.close()
    await Promise.all(waits)
    expect(results).toEqual(['ERR_IPC_CLOSED', true, 'ERR_IPC_CLOSED', true])
    expect(again.inspect().waiting).toBe(0)
    lock.with((guard) => {
      for (const use of [
        () => own.wait(guard),
        () => own.tryWait(guard),
        () => own.waitFor(guard, () => 1),
        () => own.notify(),
        () => own.inspect(),
      ]) {
        expect(use).toThrow(CLOSED)
      }
      again.notify()
    })
    expect(inspect(own)).toBe('Condition (closed)')
    expect(inspect(again)).toMatch(/^Condition \{[^]*waiting: 0/)
  })

  test('a lock that is closed under a waiter: it throws, and its turn goes to another', async () => {
    const mine = new Lock()
    const theirs = Lock.from(mine.handle)
    const own = new Condition(mine)
    const other = Condition.from(own.handle, { lock: theirs })
    const guard = await mine.acquireAsync()
    const waits = own.waitAsync(guard)
    const failed = reasonOf(waits)
    const another = theirs.withAsync((held) => other.waitAsync(held))
    await until(() => other.inspect().waiting === 2, 'both wait')
    const holding = theirs.acquire()
    other.notify(1)
    await delay(80) // it now waits for the lock
    mine.close()
    expect(await failed).toEqual(CLOSED)
    holding.release()
    expect(await within(another, 'the other')).toBe(true)
    expect(other.inspect().waiting).toBe(0)
    expect(theirs.locked).toBe(false)
  })

  test('a wait that is aborted while it looks what to do for a dead one is aborted', async () => {
    const pair = SCOPES[1].make()
    const { lock: mine, condition: own } = pair
    const [victim, other] = [await join(startProcess, pair), await join(startProcess, pair)]
    void wait(victim, false)
    await until(() => own.inspect().waiting === 1, 'the victim waits')
    const theirs = wait(other, false)
    await until(() => own.inspect().waiting === 2, 'another waits')
    const controller = new AbortController()
    const guard = await mine.acquireAsync()
    const failed = reasonOf(own.waitAsync(guard, { signal: controller.signal }))
    const holding = await mine.acquireAsync()
    own.notify(1) // for the victim, which cannot have the lock
    await delay(5)
    await victim.terminate()
    await delay(50) // now it waits for the lock, to pass the victim's wake on
    controller.abort('while it waited for the lock')
    holding.release()
    expect(await within(failed, 'the aborted wait')).toBe('while it waited for the lock')
    expect(guard.held).toBe(true)
    guard.release()
    expect(await within(theirs, 'the other')).toBe(true)
    expect(own.inspect().waiting).toBe(0)
  })

  test('a thread that blocks does not give the lock to a call of its own', async () => {
    const own = new Lock()
    const changed = new Condition(own)
    const there = await join(startWorker, { lock: own, condition: changed })
    const guard = own.acquire()
    const call = own.acquireAsync() // could not release it while this thread blocks
    void there.start(({ state }) => {
      state['lock'].with(() => state['condition'].notify())
    })
    expect(changed.tryWait(guard, { timeoutMs: 20_000 })).toBe(true)
    guard.release()
    ;(await within(call, 'the call')).release()
  })

  test('a signal handler that throws ends the wait with its error, the lock held', () => {
    const failure = new Error('in a handler')
    let drained = 0
    const guard = lock.acquire()
    interruptWith(() => {
      if (++drained === 2) throw failure
    })
    try {
      expect(() => condition.wait(guard)).toThrow(failure)
    } finally {
      setInterruption(null)
    }
    expect(guard.held).toBe(true)
    expect(condition.inspect().waiting).toBe(0)
    guard.release()
  })

  test('a signal handler that keeps the lock: the wait throws, and does not hang', () => {
    const own = new Lock()
    const changed = new Condition(own)
    const guard = own.acquire()
    let kept: Guard | null = null
    interruptWith(() => (kept ??= own.tryAcquire()))
    try {
      expect(() => changed.tryWait(guard, { timeoutMs: 20 })).toThrow(
        expect.objectContaining({ code: 'ERR_IPC_DEADLOCK' }),
      )
    } finally {
      setInterruption(null)
    }
    expect(guard.held).toBe(false)
    expect(kept!.held).toBe(true)
    ;(kept as unknown as Guard).release()
    own.with((next) => expect(changed.tryWait(next)).toBe(false))
    expect(changed.inspect().waiting).toBe(0)
  })

  test('a signal handler that notifies ends the wait', () => {
    let notified = false
    interruptWith(() => {
      if (notified) return
      notified = true
      lock.with(() => condition.notify())
    })
    try {
      lock.with((guard) => expect(condition.wait(guard)).toBe(true))
    } finally {
      setInterruption(null)
    }
  })
})

describe.each([
  ['thread', () => new RLock()],
  ['process', () => RLock.create()],
] as const)('Condition over an RLock in %s scope', (_scope, makeLock) => {
  const make = (): { lock: RLock; condition: Condition } => {
    const lock = makeLock()
    return { lock, condition: Condition.create({ lock }) }
  }

  test('gives up all three levels and takes three back, after a time-out too', () => {
    const { lock, condition } = make()
    const again = RLock.from(lock.handle)
    const guards = [lock.acquire(), again.acquire(), lock.acquire()]
    const start = performance.now()
    const seen: unknown[] = []
    interruptWith(() => seen.push(lock.depth, lock.locked, guards[1]!.held))
    try {
      expect(condition.tryWait(guards[1]!, { timeoutMs: 20 })).toBe(false)
    } finally {
      setInterruption(null)
    }
    expect(seen.slice(0, 3)).toEqual([0, false, false])
    expect(performance.now() - start).toBeGreaterThanOrEqual(20)
    expect(lock.depth).toBe(3)
    for (const [i, guard] of guards.entries()) {
      expect(guard.held).toBe(true)
      guard.release()
      expect(lock.depth).toBe(2 - i)
    }
    expect(lock.locked).toBe(false)
    expect(() => condition.wait(guards[0]!)).toThrow(NOT_OWNER)
  })

  test('and after a notification from another process or thread', async () => {
    const { lock, condition } = make()
    const start = lock.scope === 'thread' ? startWorker : startProcess
    const other = await start<Modules>({ modules })
    const guards = [lock.acquire(), lock.acquire(), lock.acquire()]
    const notified = other.run(
      ({ locks: { RLock: R }, sync: { Condition: C } }, handles) => {
        const theirs = R.from(handles.lock)
        const changed = C.from(handles.condition, { lock: theirs })
        return theirs.with(() => (changed.notify(), theirs.depth))
      },
      { lock: lock.handle, condition: condition.handle },
    )
    expect(condition.wait(guards[2]!)).toBe(true)
    expect(lock.depth).toBe(3)
    expect(guards.every(({ held }) => held)).toBe(true)
    expect(lock.tryAcquire()).not.toBe(null)
    expect(lock.depth).toBe(4)
    for (let depth = 4; depth > 0; depth--) lock.release()
    expect(await notified).toBe(1)
  })

  test('and after a throwing signal handler, even one that throws again and again', () => {
    const { lock, condition } = make()
    const failures = [new Error('first'), new Error('second')]
    const guards = [lock.acquire(), lock.acquire(), lock.acquire()]
    let drained = 0
    interruptWith(() => {
      if (drained < 2) throw failures[drained++]!
    })
    try {
      expect(() => condition.wait(guards[0]!)).toThrow(failures[0])
    } finally {
      setInterruption(null)
    }
    expect(lock.depth).toBe(3)
    expect(guards.every(({ held }) => held)).toBe(true)
    for (const guard of guards) guard.release()
    expect(lock.locked).toBe(false)
    expect(condition.inspect().waiting).toBe(0)
  })

  test('has no asynchronous forms', async () => {
    const { lock, condition } = make()
    const guard = lock.acquire()
    const unsupported = { code: 'ERR_IPC_UNSUPPORTED' }
    await expect(condition.waitAsync(guard)).rejects.toMatchObject(unsupported)
    await expect(condition.tryWaitAsync(guard)).rejects.toMatchObject(unsupported)
    await expect(condition.waitForAsync(guard, () => true)).rejects.toMatchObject(unsupported)
    expect(lock.depth).toBe(1)
    lock.release()
  })
})

test('open(), unlink() and at()', async () => {
  const [lockName, name] = [uniqueName(), uniqueName()]
  const lock = Lock.open(lockName)
  expect(() => Condition.open(name, { lock, create: false })).toThrow(
    expect.objectContaining({ code: 'ENOENT' }),
  )
  const condition = Condition.open(name, { lock })
  expect(condition.inspect()).toEqual({ kind: 'condition', name, scope: 'process', waiting: 0 })
  const other = await startProcess<Modules>({ modules })
  const waiting = other.start(
    ({ locks: { Lock: L }, sync: { Condition: C } }, [l, c]) => {
      const theirs = L.open(l)
      return theirs.with((guard) => C.open(c, { lock: theirs }).wait(guard))
    },
    [lockName, name] as const,
  )
  await until(() => condition.inspect().waiting === 1, 'it waits')
  expect(() => Condition.unlink(name)).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
  expect(Condition.unlink(name, { force: true })).toBe(true)
  await expect(within(waiting, 'its wait')).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
  expect(lock.acquire().abandoned).toBe(false) // the other has taken it back, and released it
  lock.release()

  const memory = SharedMemory.create({ byteLength: 4 * (Condition.words() + 9) })
  const inner = Lock.at(memory, 0)
  const placed = Condition.at(memory, 5, { lock: inner })
  inner.with((guard) => expect(placed.tryWait(guard, { timeoutMs: 1 })).toBe(false))
  const again = Condition.from(JSON.parse(JSON.stringify(placed.handle)) as never, { lock: inner })
  expect(again.inspect().waiting).toBe(0)
})
