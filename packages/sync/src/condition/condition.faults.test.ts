/**
 * A queue between processes, over a Lock and two Conditions in one SharedMemory, whose consumers are
 * killed now and then: every item is moved once, or was in the hands of a dead one, by name. Nobody
 * repairs anything. `IPC_NIGHTLY=1` moves 100,000 items.
 */
import { SharedMemory } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { startProcess, stopAll, temporaryDirectory, within, type Contender } from '@ipc/testing'
import { afterAll, expect, test } from 'vitest'
import { Condition } from './condition.ts'
import type * as core from '@ipc/core'
import type * as locks from '@ipc/lock'
import type * as sync from '../index.ts'

const directory = temporaryDirectory()
afterAll(async () => {
  await stopAll()
  directory.remove()
})

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

const NIGHTLY = process.env['IPC_NIGHTLY'] === '1'
const ITEMS = NIGHTLY ? 100_000 : 10_000
const PRODUCERS = 4
const CONSUMERS = 4
const WATCHDOG_MS = NIGHTLY ? 600_000 : 100_000
const KILLS = NIGHTLY ? 24 : 8
const RING = 64
/** How a victim ends: killed from outside at any instruction, or at its n-th item. */
const ENDS = ['killed', 'with the lock', 'in hands'] as const
const LAST_ITEM = 20

const NOT_FULL = Lock.words()
const NOT_EMPTY = NOT_FULL + Condition.words()
const HEAD = NOT_EMPTY + Condition.words()
const TAIL = HEAD + 1
const HANDS = TAIL + 1
const SLOTS = HANDS + CONSUMERS + KILLS
/** How often each item was moved. */
const MOVED = SLOTS + RING
const WORDS = MOVED + ITEMS
const endOf = (victim: number): string => ENDS[victim % ENDS.length]!
const at = { NOT_FULL, NOT_EMPTY, HEAD, TAIL, HANDS, SLOTS, MOVED, RING, ITEMS }

test(
  `${PRODUCERS} producers and ${CONSUMERS} consumers in 8 processes move ${ITEMS} items, each once, while ${KILLS} consumers are killed`,
  async () => {
    const memory = SharedMemory.create({ byteLength: WORDS * 4 })
    const words = new Int32Array(memory.buffer as ArrayBuffer)
    const join = async (): Promise<Contender<Modules>> => {
      const contender = await startProcess<Modules>({ modules })
      await contender.run(
        (
          { core: { SharedMemory: M }, locks: { Lock: L }, sync: { Condition: C }, state },
          given,
        ) => {
          const shared = M.from(given.handle)
          const lock = L.at(shared, 0)
          state['words'] = new Int32Array(shared.buffer as ArrayBuffer)
          state['lock'] = lock
          state['notFull'] = C.at(shared, given.NOT_FULL, { lock })
          state['notEmpty'] = C.at(shared, given.NOT_EMPTY, { lock })
        },
        { ...at, handle: memory.handle },
      )
      return contender
    }

    const produce = (contender: Contender<Modules>, first: number): Promise<void> =>
      contender.start(
        ({ state }, given) => {
          const { lock, notFull, notEmpty, words: w } = state
          for (let item = given.first; item < given.ITEMS; item += given.step) {
            const guard = lock.acquire()
            const hasRoom = (): boolean => w[given.TAIL] - w[given.HEAD] < given.RING
            notFull.waitFor(guard, hasRoom)
            w[given.SLOTS + (w[given.TAIL] % given.RING)] = item
            w[given.TAIL]++ // from here on it is in the queue
            notEmpty.notify()
            guard.release()
          }
        },
        { ...at, first, step: PRODUCERS },
      )

    const consume = (contender: Contender<Modules>, hand: number): Promise<void> =>
      contender.start(
        async ({ state }, given) => {
          const { lock, notFull, notEmpty, words: w } = state
          const mine = given.HANDS + given.hand
          const isReady = (): boolean =>
            w[given.TAIL] > w[given.HEAD] || w[given.HEAD] === given.ITEMS
          for (let left = given.LAST_ITEM; ; left--) {
            const diesAt = (where: string): void => {
              if (left === 0 && given.end === where) process.kill(process.pid, 'SIGKILL')
            }
            // oxlint-disable-next-line no-await-in-loop -- one item after the other
            const guard = given.isAsync ? await lock.acquireAsync() : lock.acquire()
            // oxlint-disable-next-line no-await-in-loop
            if (given.isAsync) await notEmpty.waitForAsync(guard, isReady)
            else notEmpty.waitFor(guard, isReady)
            const head = w[given.HEAD]
            if (head === given.ITEMS) {
              notEmpty.notifyAll()
              guard.release()
              return
            }
            const item = w[given.SLOTS + (head % given.RING)]
            Atomics.store(w, mine, 1 + item) // by name, and before it leaves the queue
            Atomics.store(w, given.HEAD, head + 1)
            diesAt('with the lock')
            notFull.notify()
            guard.release()
            diesAt('in hands')
            Atomics.add(w, given.MOVED + item, 1)
            Atomics.store(w, mine, 0)
          }
        },
        { ...at, LAST_ITEM, hand, end: hand < KILLS ? endOf(hand) : '', isAsync: hand % 4 === 0 },
      )

    const producers = await Promise.all(Array.from({ length: PRODUCERS }, join))
    const consumers = await Promise.all(Array.from({ length: CONSUMERS }, join))
    const start = performance.now()
    const produced = producers.map((contender, i) => produce(contender, i))
    const runs = consumers.map(consume)
    for (let victim = 0; victim < KILLS; victim++) {
      const which = victim % CONSUMERS
      const successor = await join() // takes a while: meanwhile they run
      if (endOf(victim) !== 'killed') await runs[which]!.catch(() => {})
      await consumers[which]!.terminate()
      consumers[which] = successor
      runs[which] = consume(successor, CONSUMERS + victim)
    }
    await within(Promise.all([...produced, ...runs]), 'all items', { timeoutMs: WATCHDOG_MS })
    const seconds = (performance.now() - start) / 1000

    expect(words[HEAD]).toBe(ITEMS)
    expect(words[TAIL]).toBe(ITEMS)
    const inDeadHands = words
      .subarray(HANDS, SLOTS)
      .filter((held) => held > 0)
      .map((held) => held - 1)
    const moved = words.subarray(MOVED, MOVED + ITEMS)
    const lost: number[] = []
    for (let item = 0; item < ITEMS; item++) {
      if (moved[item]! > 1) throw new Error(`item ${item} was moved ${moved[item]} times`)
      if (moved[item] === 0) lost.push(item)
    }
    process.stdout.write(
      `  figure: ${ITEMS} items through a ring of ${RING} in ${seconds.toFixed(1)} s, ${KILLS} consumers killed; in dead hands: ${inDeadHands.join(' ')}\n`,
    )
    expect(lost.length).toBeGreaterThan(0) // so some died with one
    for (const item of lost) expect(inDeadHands).toContain(item)
    const lock = Lock.at(memory, 0)
    expect(Condition.at(memory, NOT_FULL, { lock }).inspect().waiting).toBe(0)
    expect(Condition.at(memory, NOT_EMPTY, { lock }).inspect().waiting).toBe(0)
  },
  WATCHDOG_MS + 20_000,
)

test('10,000 rounds of giving and taking, blocking and not, with time-outs and aborts at random: nothing is lost', async () => {
  const memory = SharedMemory.create({ byteLength: WORDS * 4 })
  const words = new Int32Array(memory.buffer as ArrayBuffer)
  const total = 10_000
  const contenders = await Promise.all(
    Array.from({ length: 5 }, () => startProcess<Modules>({ modules })),
  )
  const runs = contenders.map((contender, i) =>
    contender.start(
      async ({ core: { SharedMemory: M }, locks: { Lock: L }, sync: { Condition: C } }, given) => {
        const shared = M.from(given.handle)
        const lock = L.at(shared, 0)
        const changed = C.at(shared, given.NOT_FULL, { lock })
        const w = new Int32Array(shared.buffer as ArrayBuffer)
        let seed = given.seed
        const random = (n: number): number => {
          seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
          return (seed >>> 8) % n
        }
        // HEAD: taken; TAIL: given.
        const isReady = (): boolean =>
          w[given.TAIL]! > w[given.HEAD]! || w[given.HEAD] === given.total
        let gaveUp = 0
        while (w[given.HEAD]! < given.total) {
          const form = random(5)
          // oxlint-disable-next-line no-await-in-loop -- one round after the other
          const guard = form < 2 ? lock.acquire() : await lock.acquireAsync()
          try {
            if (given.gives) {
              // Now and then all have to wait.
              if (w[given.TAIL]! - w[given.HEAD]! > 4) continue
              const count = Math.min(1 + random(8), given.total - w[given.TAIL]!)
              if (count === 0) return gaveUp
              w[given.TAIL]! += count
              changed.notify(count)
              continue
            }
            if (form === 0) changed.waitFor(guard, isReady)
            else if (form === 1) changed.waitFor(guard, isReady, { timeoutMs: random(4) / 2 })
            // oxlint-disable-next-line no-await-in-loop
            else if (form === 2) await changed.waitForAsync(guard, isReady)
            // oxlint-disable-next-line no-await-in-loop
            else if (form === 3) await changed.tryWaitAsync(guard, { timeoutMs: random(3) })
            else {
              const controller = new AbortController()
              setTimeout(() => controller.abort(), random(2))
              // oxlint-disable-next-line no-await-in-loop
              await changed.waitForAsync(guard, isReady, { signal: controller.signal })
            }
          } catch (error) {
            if ((error as Error).name !== 'AbortError') throw error
            gaveUp++
          } finally {
            if (!guard.held) throw new Error('the lock is not held') // oxlint-disable-line no-unsafe-finally
            if (!given.gives && w[given.TAIL]! > w[given.HEAD]!) w[given.HEAD]!++
            if (w[given.HEAD] === given.total) changed.notifyAll()
            guard.release()
          }
          // oxlint-disable-next-line no-await-in-loop
          if (given.gives)
            await new Promise((resolve) => setTimeout(resolve, random(8) === 0 ? 1 : 0))
        }
        return gaveUp
      },
      { ...at, handle: memory.handle, seed: 11 + i * 7919, total, gives: i === 0 },
    ),
  )
  const gaveUp = await within(Promise.all(runs), 'all rounds', { timeoutMs: 60_000 })
  process.stdout.write(`  figure: ${total} items, aborted ${gaveUp.join(' ')} times\n`)
  expect(words[HEAD]).toBe(total)
  expect(words[TAIL]).toBe(total)
  const lock = Lock.at(memory, 0)
  expect(lock.locked).toBe(false)
  expect(Condition.at(memory, NOT_FULL, { lock }).inspect().waiting).toBe(0)
}, 90_000)
