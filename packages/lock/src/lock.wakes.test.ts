/**
 * Wakes that would be lost, and are found again only by the slow look of the sleeper: so they are
 * tested over a memory that sleeps and wakes as the test says. The test plays the other agents.
 */
import type { Memory } from '@ipc/core/author'
import { FakeMemory } from '@ipc/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { Lock } from './lock.ts'

const ME = 7 << 18
const OTHER = 8 << 18
const WAITERS = 0x80000000 | 0
const RESERVED = 0x40000000
const WORD = 0
const RESERVATION = 1

let fake: FakeMemory
let lock: Lock

beforeEach(() => {
  fake = new FakeMemory(2, ME)
  lock = Lock.at(fake as unknown as Memory, 0)
})

/** The other agent releases, and its wake is on the way to us. */
function releaseByOther(): (result: string) => void {
  fake.words[WORD] = 0
  return fake.tickets.shift()!
}

const isFree = (): boolean => fake.words[WORD] === 0

describe('Lock passes a wake on', () => {
  test('that came for a call which its own thread overtook', async () => {
    fake.words[WORD] = OTHER
    const call = lock.acquireAsync()
    expect(fake.words[WORD]).toBe(OTHER | WAITERS)
    const wake = releaseByOther()
    const guard = lock.tryAcquire()!
    expect(fake.words[WORD]).toBe(ME) // somebody else may sleep; nobody knows
    wake('woken')
    expect(fake.words[WORD]).toBe(ME | WAITERS)
    guard.release()
    ;(await call).release()
    expect(fake.wakes).toEqual([1])
    expect(isFree()).toBe(true)
  })

  test('that came for a call which was served before it heard', async () => {
    fake.words[WORD] = OTHER
    const call = lock.acquireAsync()
    const wake = releaseByOther()
    lock.tryAcquire()!.release() // hands it on
    ;(await call).release()
    expect(fake.wakes).toEqual([])
    wake('woken')
    expect(fake.wakes).toEqual([1])
    expect(isFree()).toBe(true)
  })

  test('that came for a call which was aborted, to whoever holds it now', async () => {
    fake.words[WORD] = OTHER
    const controller = new AbortController()
    const call = lock.acquireAsync({ signal: controller.signal })
    fake.words[WORD] = OTHER + 1 // released, and taken by an agent that never slept
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    expect(fake.words[WORD]).toBe((OTHER + 1) | WAITERS)
  })

  test('that came for a call which was aborted, to the next if it is free', async () => {
    fake.words[WORD] = OTHER
    const controller = new AbortController()
    const call = lock.acquireAsync({ signal: controller.signal })
    fake.words[WORD] = 0
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    expect(fake.wakes).toEqual([1])
  })

  test('by taking with WAITERS after having slept', async () => {
    fake.words[WORD] = OTHER
    const call = lock.acquireAsync()
    releaseByOther()('woken')
    expect(fake.words[WORD]).toBe(ME | WAITERS)
    ;(await call).release()
    expect(fake.wakes).toEqual([1])
  })
})

/** A call loses so often that it reserves the lock. */
const lose = (): void => {
  for (let i = 0; i < 4; i++) {
    const wake = releaseByOther()
    fake.words[WORD] = OTHER
    wake('woken')
  }
  expect(fake.words[RESERVATION]).toBe(ME)
}

describe('Lock leaves no reservation behind', () => {
  test('when it takes what was reserved for it', async () => {
    fake.words[WORD] = OTHER
    const call = lock.acquireAsync()
    lose()
    const wake = fake.tickets.shift()!
    fake.words[WORD] = RESERVED | WAITERS
    wake('woken')
    expect(fake.words).toEqual(new Int32Array([ME | WAITERS, 0]))
    ;(await call).release()
    expect(isFree()).toBe(true)
  })

  test('when its own thread hands the lock to the call', async () => {
    fake.words[WORD] = OTHER
    const call = lock.acquireAsync()
    lose()
    const wake = releaseByOther()
    lock.tryAcquire()!.release() // handed on before the wake is heard
    expect(fake.words[RESERVATION]).toBe(0)
    ;(await call).release()
    wake('woken')
    expect(fake.words).toEqual(new Int32Array([0, 0]))
  })

  test('when its own thread holds the lock and the call is aborted', async () => {
    fake.words[WORD] = OTHER
    const controller = new AbortController()
    const call = lock.acquireAsync({ signal: controller.signal })
    lose()
    const wake = releaseByOther()
    const guard = lock.tryAcquire()!
    wake('woken')
    controller.abort('gone')
    await expect(call).rejects.toBe('gone')
    guard.release()
    expect(fake.words).toEqual(new Int32Array([0, 0]))
    expect(fake.wakes).toEqual([1])
  })

  test('of one who is gone: another takes what is reserved for nobody', () => {
    fake.words.set([RESERVED, 0])
    lock.tryAcquire()!.release()
    fake.words.set([RESERVED, ME]) // ours, from a call that left
    lock.tryAcquire()!.release()
    expect(fake.words).toEqual(new Int32Array([0, 0]))
    fake.words.set([RESERVED, OTHER])
    expect(lock.tryAcquire()).toBe(null)
  })
})
