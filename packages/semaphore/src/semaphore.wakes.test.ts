/**
 * Wakes that would be lost, and are found again only by the slow look of the sleeper: so they are
 * tested over a memory that sleeps and wakes as the test says. The test plays the other agents.
 */
import { ALL, type Memory } from '@ipc/core/author'
import { FakeMemory } from '@ipc/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { Semaphore } from './semaphore.ts'

const ME = 7 << 18
const OTHER = 8 << 18
const WAITERS = 0x80000000 | 0

let fake: FakeMemory

beforeEach(() => {
  fake = new FakeMemory(4)
})

const word = (i = 0): number => fake.load(i)
const aborted = (semaphore: Semaphore): (() => Promise<void>) => {
  const controller = new AbortController()
  const call = semaphore.acquireAsync({ signal: controller.signal })
  return async () => {
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
  }
}

describe('Semaphore', () => {
  let semaphore: Semaphore
  beforeEach(() => {
    semaphore = Semaphore.at(fake as unknown as Memory, 0, { value: 0 })
  })

  test('release(n) wakes n, if anybody sleeps', () => {
    semaphore.release(2)
    expect([word(), ...fake.wakes]).toEqual([2])
    fake.words[0] = WAITERS
    semaphore.release(3)
    expect([word(), ...fake.wakes]).toEqual([3, 3])
  })

  test('one who is woken says that others may sleep, and wakes one more while permits remain', async () => {
    const calls = [semaphore.acquireAsync(), semaphore.acquireAsync()]
    expect(word()).toBe(WAITERS)
    fake.words[0] = 1 // released by another agent, which cleared the bit for all
    fake.wake()
    await calls[0]
    expect(word()).toBe(WAITERS)
    expect(fake.wakes).toEqual([])
    fake.words[0] = 3
    fake.wake()
    await calls[1]
    expect([word(), ...fake.wakes]).toEqual([2 | WAITERS, 1])
  })

  test('one who is woken, and finds that its thread was faster, says that others may sleep', () => {
    void semaphore.acquireAsync()
    fake.words[0] = 1
    semaphore.tryAcquire()
    expect(word()).toBe(0)
    fake.wake()
    expect(word()).toBe(WAITERS)
  })

  test('one who leaves passes the wake on', async () => {
    let leave = aborted(semaphore)
    fake.words[0] = 1
    await leave()
    expect([word(), ...fake.wakes]).toEqual([1, 1])
    fake.words[0] = 0
    leave = aborted(semaphore)
    fake.words[0] = 0 // released, and taken by an agent that never slept
    await leave()
    expect([word(), ...fake.wakes]).toEqual([WAITERS, 1])
  })

  test('calls of its own thread do not keep the permits from others for ever', async () => {
    semaphore.release()
    let guard = semaphore.acquire()
    let own = 0
    for (let i = 0; i < 100; i++) {
      const next = semaphore.acquireAsync() // announces itself: the bit is set
      guard.release()
      if (fake.wakes.length > 0) break
      guard = await next
      own++
    }
    expect(own).toBe(16)
    expect(fake.wakes).toEqual([1])
  })
})

describe('Semaphore {undo}', () => {
  const [bell, first] = [0, 1]
  let semaphore: Semaphore
  beforeEach(() => {
    semaphore = Semaphore.at(fake as unknown as Memory, 0, { value: 2, undo: true })
  })

  test('release() rings only if anybody waits, and while it wakes somebody the bit stays', () => {
    semaphore.acquire().release()
    expect([word(bell), ...fake.wakes]).toEqual([0])
    const guard = semaphore.acquire()
    fake.words[bell] = 5 | WAITERS
    fake.asleep = 1
    guard.release()
    expect([word(bell), ...fake.wakes]).toEqual([6 | WAITERS, 1])
    expect(semaphore.value).toBe(2)
  })

  test('release() that wakes nobody clears the bit, changes the bell, and wakes all', () => {
    const guard = semaphore.acquire()
    fake.words[bell] = WAITERS
    fake.beforeUnpark = () => {
      fake.asleep = fake.wakes.length // one lies down after the first wake
    }
    guard.release()
    expect(word(bell)).toBe(2)
    expect(fake.wakes).toEqual([1, ALL])
  })

  test('release() wakes the rings of others too: the sequence goes round', () => {
    const guard = semaphore.acquire()
    fake.words[bell] = 0x7fffffff | WAITERS
    fake.asleep = 1
    guard.release()
    expect(word(bell)).toBe(WAITERS)
  })

  test('one who waits announces itself before it looks, again after each wake', async () => {
    fake.words.set([0, OTHER, OTHER])
    const call = semaphore.acquireAsync()
    expect(word(bell)).toBe(WAITERS)
    fake.words[bell] = 1 // a ring that woke nobody else
    fake.wake()
    expect(word(bell)).toBe(1 | WAITERS)
    fake.words[first] = 0
    fake.wake()
    expect((await call).held).toBe(true)
    expect(word(first)).toBe(ME)
  })

  test('one who leaves passes the wake on if there is a permit', async () => {
    fake.words.set([0, OTHER, OTHER])
    await aborted(semaphore)()
    expect(fake.wakes).toEqual([])
    const leave = aborted(semaphore)
    fake.words[first] = 0
    await leave()
    expect(fake.wakes).toEqual([1])
    expect(word(bell)).toBe(WAITERS)
  })
})
