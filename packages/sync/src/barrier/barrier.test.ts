import { join } from 'node:path'
import { inspect } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { SharedMemory } from '@ipc/core'
import { setInterruption } from '@ipc/core/author'
import {
  overwriteOption,
  startProcess,
  startWorker,
  stopAll,
  temporaryDirectory,
  uniqueName,
  until,
  within,
  type Contender,
} from '@ipc/testing'
import { placements, type Meeting } from '@ipc/testing/laws'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Barrier } from './barrier.ts'
import type * as sync from '../index.ts'
import type * as core from '@ipc/core'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

const BROKEN = expect.objectContaining({ code: 'ERR_IPC_BROKEN_BARRIER' })
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
  sync: typeof sync
  core: typeof core
}
const modules = { sync: import.meta.resolve('@ipc/sync'), core: import.meta.resolve('@ipc/core') }

const subject = {
  Class: Barrier as never as typeof Barrier & { words(options?: object): number },
  options: { parties: 2 },
  construct: () => new Barrier(2),
  memory: (byteLength: number) => SharedMemory.create({ byteLength }),
  unit: modules.sync,
}

describe.each(placements<Barrier>(subject as never))('Barrier $name', (placement) => {
  let meeting: Meeting<Barrier>
  let here: Barrier
  beforeEach(async () => {
    meeting = await placement.meet()
    ;({ here } = meeting)
  })
  afterEach(() => placement.part())

  const waitThere = (timeoutMs?: number): Promise<sync.BarrierPass> =>
    meeting.other.run(({ state }, ms) => state['there'].wait({ timeoutMs: ms }), timeoutMs)
  const isAwaited = (): boolean => here.waiting === 1

  test('Barrier.wait() lets both pass when both have come', async () => {
    for (let round = 0; round < 3; round++) {
      const there = waitThere()
      await until(isAwaited, 'the other waits')
      expect(here.inspect()).toMatchObject({ parties: 2, waiting: 1, broken: false })
      expect(here.wait()).toEqual({ index: 1, last: true })
      expect(await there).toEqual({ index: 0, last: false })
      expect(here.waiting).toBe(0)
    }
  })

  test('Barrier.waitAsync() meets one that blocks, in either order', async () => {
    const mine = here.waitAsync()
    expect(await waitThere()).toEqual({ index: 1, last: true })
    expect(await within(mine, 'waitAsync()')).toEqual({ index: 0, last: false })
    const theirs = waitThere()
    await until(isAwaited, 'the other waits')
    expect(await here.waitAsync({ timeoutMs: 20_000 })).toEqual({ index: 1, last: true })
    await theirs
  })

  test('Barrier.wait({ timeoutMs }) that is over breaks it for everyone, until reset()', async () => {
    const there = reasonOf(waitThere(30))
    expect(await there).toEqual(BROKEN)
    expect(here.broken).toBe(true)
    here.reset()
    const start = performance.now()
    expect(() => here.wait({ timeoutMs: 30 })).toThrow(BROKEN)
    expect(performance.now() - start).toBeGreaterThanOrEqual(30)
    expect(here.broken).toBe(true)
    expect(() => here.wait()).toThrow(BROKEN)
    await expect(waitThere()).rejects.toEqual(BROKEN)
    await expect(here.waitAsync()).rejects.toEqual(BROKEN)
    here.reset()
    expect(here.broken).toBe(false)
    const next = waitThere()
    expect(await here.waitAsync()).toMatchObject({})
    await next
  })

  test('Barrier.abort() and reset() end the wait of those who wait', async () => {
    for (const end of ['reset', 'abort'] as const) {
      const there = reasonOf(waitThere())
      await until(isAwaited, 'the other waits')
      here[end]()
      expect(await there).toEqual(BROKEN)
      expect(here.broken).toBe(end === 'abort')
      expect(here.waiting).toBe(0)
    }
    here.reset()
    here.abort() // nobody waits
    await expect(waitThere()).rejects.toEqual(BROKEN)
    here.reset()
    const there = waitThere()
    await here.waitAsync()
    await there
  })

  test('aborting a waitAsync() breaks it, closing too', async () => {
    const reason = new Error('enough')
    await expect(here.waitAsync({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(here.broken).toBe(false)
    const controller = new AbortController()
    const mine = here.waitAsync({ signal: controller.signal })
    await until(isAwaited, 'it waits')
    controller.abort(reason)
    await expect(mine).rejects.toBe(reason)
    expect(here.broken).toBe(true)
    await expect(waitThere()).rejects.toEqual(BROKEN)
    here.reset()
    const pending = reasonOf(here.waitAsync())
    here.close()
    expect(await pending).toEqual(CLOSED)
    for (const call of ['wait', 'abort', 'reset', 'inspect'] as const) {
      expect(() => here[call]()).toThrow(CLOSED)
    }
    await expect(here.waitAsync()).rejects.toEqual(CLOSED)
    expect(() => here.waiting).toThrow(CLOSED)
    await expect(waitThere()).rejects.toEqual(BROKEN)
  })

  test('inspect(), handle, from(), console.log', async () => {
    const { scope, name } = here
    expect(here.inspect()).toEqual({
      kind: 'barrier',
      name,
      scope,
      parties: 2,
      waiting: 0,
      broken: false,
    })
    expect(inspect(here)).toMatch(/^Barrier \{[^]*parties: 2/)
    const again = Barrier.from(here.handle)
    expect(again.parties).toBe(2)
    const mine = again.waitAsync()
    here.wait()
    expect(await mine).toEqual({ index: 0, last: false })
    again.close()
    expect(inspect(again)).toBe('Barrier (closed)')
  })
})

describe('Barrier in one thread', () => {
  test('bad input', async () => {
    for (const parties of [0, -1, 1.5, 1001, Number.NaN, Infinity]) {
      expect(() => new Barrier(parties)).toThrow(RangeError)
      expect(() => Barrier.words({ parties })).toThrow(RangeError)
      expect(() => Barrier.create({ parties })).toThrow(RangeError)
      expect(() => Barrier.open(uniqueName(), { parties })).toThrow(RangeError)
      expect(() => Barrier.at(new SharedArrayBuffer(64), 0, { parties })).toThrow(RangeError)
    }
    for (const parties of ['2', null, undefined, {}, 2n] as never[]) {
      expect(() => new Barrier(parties)).toThrow(TypeError)
      expect(() => Barrier.create({ parties })).toThrow(TypeError)
    }
    expect(() => Barrier.at(new SharedArrayBuffer(8), 0, { parties: 2 })).toThrow(RangeError)
    expect(() => new Barrier(2, { action: 1 as never })).toThrow(TypeError)
    expect(() => new Barrier(2, { timeoutMs: Number.NaN })).toThrow(RangeError)
    expect(() => new Barrier(2, { timeoutMs: '1' as never })).toThrow(TypeError)
    const barrier = new Barrier(2)
    expect(() => barrier.wait({ timeoutMs: Number.NaN })).toThrow(RangeError)
    expect(() => barrier.wait(5 as never)).toThrow(TypeError)
    await expect(barrier.waitAsync({ signal: {} as never })).rejects.toThrow(TypeError)
    expect(barrier.broken).toBe(false)
    const { kind, buffer, index } = barrier.handle as {
      kind: string
      buffer: object
      index: number
    }
    for (const parties of [0, 1001, 50]) {
      const forged = { kind, buffer, index, options: [parties, 0, 0, 0] }
      expect(() => Barrier.from(forged as never)).toThrow(RangeError)
    }
  })

  test('of one party never waits', async () => {
    const barrier = new Barrier(1)
    expect(barrier.wait()).toEqual({ index: 0, last: true })
    expect(await barrier.waitAsync({ timeoutMs: 0 })).toEqual({ index: 0, last: true })
  })

  test('timeoutMs of the barrier is that of its waits', () => {
    const barrier = new Barrier(2, { timeoutMs: 10 })
    expect(() => barrier.wait()).toThrow(BROKEN)
    expect(barrier.broken).toBe(true)
  })

  test('parties get the order of their arrival, and late ones the next round', async () => {
    const barrier = new Barrier(3)
    const passes = await Promise.all(Array.from({ length: 9 }, () => barrier.waitAsync()))
    expect(passes.map(({ index }) => index)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
    expect(passes.map(({ last }) => last)).toEqual(passes.map(({ index }) => index === 2))
    expect(barrier.waiting).toBe(0)
  })

  test('the action runs once a round, in the last to arrive, before anyone goes on', async () => {
    const log: string[] = []
    const barrier = new Barrier(3, { action: () => log.push('action') })
    for (let round = 0; round < 3; round++) {
      const passes = Array.from({ length: 3 }, async () => {
        const { index } = await barrier.waitAsync()
        log.push(`party ${index}`)
      })
      await Promise.all(passes)
      expect(log.splice(0).slice(0, 1)).toEqual(['action'])
    }
    expect(log).toEqual([])
  })

  test('an action that throws: the last to arrive gets it, the others learn that it is broken', async () => {
    const failure = new Error('in the action')
    let fails = true
    const action = vi.fn<() => void>(() => {
      if (fails) throw failure
    })
    const barrier = new Barrier(3, { action })
    const others = [barrier.waitAsync(), barrier.waitAsync()]
    const results = Promise.allSettled(others)
    expect(() => barrier.wait()).toThrow(failure)
    for (const { reason } of (await results) as PromiseRejectedResult[]) {
      expect(reason).toEqual(BROKEN)
    }
    expect(() => barrier.wait()).toThrow(BROKEN)
    expect(action).toHaveBeenCalledTimes(1)
    fails = false
    barrier.reset()
    await Promise.all([barrier.waitAsync(), barrier.waitAsync(), barrier.waitAsync()])
    expect(action).toHaveBeenCalledTimes(2)
  })

  test('an asynchronous action, for which nobody would wait, breaks the barrier', async () => {
    const barrier = new Barrier(2, { action: () => Promise.resolve() as never })
    const first = barrier.waitAsync()
    await expect(barrier.waitAsync()).rejects.toThrow('no promise: an instance of Promise')
    await expect(first).rejects.toMatchObject({ code: 'ERR_IPC_BROKEN_BARRIER' })
  })

  test('an action that aborts or resets: nobody passes', async () => {
    for (const end of ['abort', 'reset'] as const) {
      const barrier: Barrier = new Barrier(2, { action: () => barrier[end]() })
      const other = reasonOf(barrier.waitAsync())
      expect(() => barrier.wait()).toThrow(BROKEN)
      expect(await other).toEqual(BROKEN)
      expect(barrier.broken).toBe(end === 'abort')
    }
  })

  test('abort() before all have left the round: they pass, and whoever comes throws', async () => {
    const barrier = new Barrier(2)
    const first = barrier.waitAsync() // it has not left before this thread lets go
    expect(barrier.wait()).toEqual({ index: 1, last: true })
    expect(barrier.broken).toBe(false)
    expect(barrier.waiting).toBe(0)
    barrier.abort()
    expect(barrier.broken).toBe(true)
    expect(() => barrier.wait()).toThrow(BROKEN)
    expect(await first).toEqual({ index: 0, last: false })
    expect(barrier.broken).toBe(true)
    barrier.reset()
    await Promise.all([barrier.waitAsync(), barrier.waitAsync()])
    const again = barrier.waitAsync()
    barrier.wait()
    barrier.abort()
    barrier.reset() // takes it back
    expect(barrier.broken).toBe(false)
    await again
    await Promise.all([barrier.waitAsync(), barrier.waitAsync()])
  })

  test('late arrivals wait until the round before is over, and may give up', async () => {
    const barrier = new Barrier(2)
    const first = barrier.waitAsync()
    barrier.wait()
    expect(() => barrier.wait({ timeoutMs: 20 })).toThrow(BROKEN) // has not arrived:
    expect(barrier.broken).toBe(false) // so nobody waits for it
    const late = barrier.waitAsync()
    expect(barrier.waiting).toBe(0)
    expect(await first).toEqual({ index: 0, last: false })
    await until(() => barrier.waiting === 1, 'the late one arrives')
    expect(barrier.wait()).toEqual({ index: 1, last: true })
    expect(await late).toEqual({ index: 0, last: false })
  })

  test('aborting a wait whose round is full is too late', async () => {
    const barrier = new Barrier(2)
    const controller = new AbortController()
    const first = barrier.waitAsync({ signal: controller.signal })
    barrier.wait()
    controller.abort()
    expect(await first).toEqual({ index: 0, last: false })
    expect(barrier.broken).toBe(false)
    await Promise.all([barrier.waitAsync(), barrier.waitAsync()])
  })

  test('close() between the end of a round and the promise of a party', async () => {
    const barrier = new Barrier(2)
    const again = Barrier.from(barrier.handle)
    const first = barrier.waitAsync()
    again.wait()
    barrier.close()
    expect(await first.catch((error: { code: string }) => error.code)).toBe('ERR_IPC_CLOSED')
    const next = again.waitAsync()
    expect(again.wait()).toEqual({ index: 1, last: true })
    await next
  })

  test('a signal handler that throws ends the wait with its error, and breaks it', () => {
    const failure = new Error('in a handler')
    const barrier = new Barrier(2)
    let drained = 0
    interruptWith(() => {
      if (++drained === 3) throw failure
    })
    try {
      expect(() => barrier.wait()).toThrow(failure)
    } finally {
      setInterruption(null)
    }
    expect(drained).toBe(3)
    expect(barrier.broken).toBe(true)
    expect(barrier.waiting).toBe(0)
  })

  test('open() without parties attaches, with others is refused while in use', () => {
    const name = uniqueName()
    expect(() => Barrier.open(name)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => Barrier.open(name, { create: false, parties: 2 })).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    )
    const barrier = Barrier.open(name, { parties: 3 })
    const again = Barrier.open(name)
    expect(again.parties).toBe(3)
    expect(() => Barrier.open(name, { parties: 4 })).toThrow(
      expect.objectContaining({ code: 'ERR_IPC_OPTIONS_MISMATCH' }),
    )
    barrier.close()
    again.close()
    expect(Barrier.unlink(name)).toBe(true)
    expect(Barrier.unlink(name)).toBe(false)
  })
})

/* ---- many ------------------------------------------------------------------------------------------ */

const PARTIES = 5
const ROUNDS = 1000

/**
 * Words: for each round how many have come, then for each round which indexes were given. Nobody
 * goes on before all have come, nor comes to the round after the next.
 */
async function strictGroups(
  contenders: Contender<Modules>[],
  barrier: Barrier,
  shared: { buffer?: SharedArrayBuffer; memory?: object },
): Promise<void> {
  const runs = contenders.map((contender, i) =>
    contender.start(
      async ({ sync: { Barrier: Class }, core: { SharedMemory: Memory } }, given) => {
        const it = Class.from(given.handle)
        const memory = given.buffer ? null : Memory.from(given.memory as never)
        const words = new Int32Array(given.buffer ?? memory!.buffer)
        for (let round = 0; round < given.rounds; round++) {
          Atomics.add(words, round, 1)
          // oxlint-disable-next-line no-await-in-loop -- one round after the other
          const { index, last } = given.async ? await it.waitAsync() : it.wait()
          const come = Atomics.load(words, round)
          if (come !== given.parties) throw new Error(`round ${round}: only ${come} have come`)
          if (Atomics.load(words, round + 2) !== 0) throw new Error(`round ${round}: overtaken`)
          if (last !== (index === given.parties - 1)) throw new Error(`round ${round}: last`)
          Atomics.or(words, given.rounds + 2 + round, 1 << index)
        }
        it.close()
      },
      {
        handle: barrier.handle,
        ...shared,
        rounds: ROUNDS,
        parties: PARTIES,
        async: i % 2 === 1,
      },
    ),
  )
  await within(Promise.all(runs), 'all rounds', { timeoutMs: 60_000 })
}

const bytes = 4 * (2 * ROUNDS + 4)

/** The sets of indexes that rounds gave out: only the whole one, if all is well. */
const indexesGiven = (words: Int32Array): number[] => [
  ...new Set(words.subarray(ROUNDS + 2, 2 * ROUNDS + 2)),
]
const ALL_INDEXES = [(1 << PARTIES) - 1]

test(`Barrier of ${PARTIES} processes, ${ROUNDS} rounds in strict groups, blocking and not`, async () => {
  const barrier = Barrier.create({ parties: PARTIES })
  const memory = SharedMemory.create({ byteLength: bytes })
  const contenders = await Promise.all(
    Array.from({ length: PARTIES }, () => startProcess<Modules>({ modules })),
  )
  await strictGroups(contenders, barrier, { memory: memory.handle })
  expect(indexesGiven(new Int32Array(memory.buffer))).toEqual(ALL_INDEXES)
  expect(barrier.inspect()).toMatchObject({ waiting: 0, broken: false })
  await stopAll()
}, 90_000)

test(`Barrier of ${PARTIES} workers, ${ROUNDS} rounds in strict groups, blocking and not`, async () => {
  const barrier = new Barrier(PARTIES)
  const buffer = new SharedArrayBuffer(bytes)
  const contenders = await Promise.all(
    Array.from({ length: PARTIES }, () => startWorker<Modules>({ modules })),
  )
  await strictGroups(contenders, barrier, { buffer })
  expect(indexesGiven(new Int32Array(buffer))).toEqual(ALL_INDEXES)
  await stopAll()
}, 90_000)

describe.each([
  ['process', () => Barrier.create({ parties: 4 }), startProcess],
  ['worker', () => new Barrier(4), startWorker],
] as const)('a %s that waits and is killed', (kind, make, start) => {
  test('breaks the barrier for the others, and reset() makes it work again', async () => {
    const barrier = make()
    const joinBarrier = async (): Promise<Contender<Modules>> => {
      const contender = await start<Modules>({ modules })
      await contender.run(({ sync: { Barrier: Class }, state }, handle) => {
        state['it'] = Class.from(handle)
      }, barrier.handle)
      return contender
    }
    const wait = (contender: Contender<Modules>, async: boolean): Promise<unknown> =>
      contender.start(
        ({ state }, mode) => (mode ? state['it'].waitAsync() : state['it'].wait()),
        async,
      )

    const [first, second] = [await joinBarrier(), await joinBarrier()]
    const times: number[] = []
    for (let round = 0; round < 6; round++) {
      const victim = await joinBarrier()
      const outcomes = [wait(first, round % 2 === 0), wait(second, false), wait(victim, round > 2)]
      await until(() => barrier.waiting === 3, 'three wait')
      await delay(5)
      const killed = performance.now()
      void victim.terminate()
      await expect(within(outcomes[0]!, 'the first')).rejects.toEqual(BROKEN)
      await expect(within(outcomes[1]!, 'the second')).rejects.toEqual(BROKEN)
      times.push(performance.now() - killed)
      await victim.exited
      expect(barrier.broken).toBe(true)
      expect(() => barrier.wait()).toThrow(BROKEN)
      barrier.reset()
      const another = await joinBarrier()
      const all = [wait(first, false), wait(second, true), wait(another, false)]
      await barrier.waitAsync()
      await within(Promise.all(all), 'a whole round')
      await another.terminate()
    }
    process.stdout.write(
      `  figure: a ${kind} killed while it waits until the others throw: ${times.map((ms) => ms.toFixed(1)).join(' ')} ms\n`,
    )
  })
})

test('unlink(): refused while in use, and by force it ends the waits of others', async () => {
  const name = uniqueName()
  const other = await startProcess<Modules>({ modules })
  const waits = ['wait', 'waitAsync'] as const
  for (const how of waits) {
    const opened = other.start(
      ({ sync: { Barrier: Class }, state }, [called, method]) => {
        state['it'] = Class.open(called, { parties: 2 })
        return state['it'][method]()
      },
      [name, how] as const,
    )
    await until(() => {
      const it = tryToOpen(name)
      const waiting = it?.waiting
      it?.close()
      return waiting === 1
    }, 'the other waits')
    expect(() => Barrier.unlink(name)).toThrow(expect.objectContaining({ code: 'ERR_IPC_IN_USE' }))
    expect(Barrier.unlink(name, { force: true })).toBe(true)
    await expect(within(opened, 'its wait')).rejects.toMatchObject({ code: 'ERR_IPC_UNLINKED' })
  }
})

function tryToOpen(name: string): Barrier | null {
  try {
    return Barrier.open(name)
  } catch {
    return null
  }
}

describe('after a stray write', () => {
  const FIRST_PLACE = 1
  const DEAD = (5 << 18) | 77
  const OTHER_ROUND = 0x80000000 | 3 // FILLING, with WAITERS

  /** Nothing that is done for the round of the party changes anything then: it once checked forever. */
  test('a wait whose round became another one is broken', async () => {
    const buffer = new SharedArrayBuffer(64)
    const words = new Int32Array(buffer)
    const barrier = Barrier.at(buffer, 0, { parties: 2 })
    const pass = barrier.waitAsync()
    words[FIRST_PLACE + 1] = DEAD
    words[0] = OTHER_ROUND
    Atomics.notify(words, 0)
    await expect(pass).rejects.toEqual(BROKEN)
  })

  test.each([0x7fffffff, 0, -3, 3])('parties at rest that became %i are refused', (parties) => {
    Barrier.open('at-rest', { parties: 2 }).close()
    overwriteOption(join(directory.path, 'barrier.at-rest'), 0, parties)
    expect(() => Barrier.open('at-rest')).toThrow(
      expect.objectContaining({ code: 'ERR_IPC_CORRUPT' }),
    )
    expect(Barrier.unlink('at-rest', { force: true })).toBe(true)
  })
})
