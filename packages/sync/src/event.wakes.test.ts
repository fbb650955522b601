/**
 * The effect of a set or clear on the word, and on sleepers, over a memory that sleeps and wakes as the
 * test says: a lost wake would be found by the slow look of the sleeper, and hidden from other tests.
 */
import { ALL, type Memory } from '@ipc/core/author'
import { FakeMemory } from '@ipc/testing'
import { beforeEach, expect, test } from 'vitest'
import { Event } from './event.ts'

const WAITERS = 0x80000000 | 0
const SET = 0x40000000
const TIMES = 0x3fffffff

let fake: FakeMemory
let event: Event

beforeEach(() => {
  fake = new FakeMemory(1)
  event = Event.at(fake as unknown as Memory, 0)
})

test('Event.set() wakes all, if anybody sleeps, and counts', () => {
  event.set()
  event.set()
  expect([fake.words[0], ...fake.wakes]).toEqual([SET | 1])
  event.clear()
  fake.words[0] = WAITERS | 1
  event.set()
  expect([fake.words[0], ...fake.wakes]).toEqual([SET | 2, ALL])
})

test('Event.set() goes round when it has counted to the end', async () => {
  fake.words[0] = TIMES
  const call = event.waitAsync()
  event.set()
  event.clear()
  expect(fake.words[0]).toBe(0)
  expect(await call).toBe(true)
})

test('Event.clear() keeps those who sleep from being forgotten', () => {
  fake.words[0] = WAITERS | 3
  event.clear()
  expect(fake.words[0]).toBe(WAITERS | 3)
})

test('Event: a pulse between two looks of a waiter releases it', async () => {
  const call = event.waitAsync()
  expect(fake.words[0]).toBe(WAITERS)
  fake.words[0] = 1 // set and cleared by another
  const late = event.waitAsync()
  fake.tickets.shift()!('woken')
  expect(await call).toBe(true)
  expect(fake.words[0]).toBe(WAITERS | 1) // the late one waits for the next
  event.set()
  expect(await late).toBe(true)
})

test('Event: a wake for nothing releases nobody', async () => {
  const call = event.waitAsync()
  fake.words[0] = 0 // the bit was lost: a thread that sleeps sets it again
  fake.tickets.shift()!('woken')
  expect(fake.words[0]).toBe(WAITERS)
  expect(fake.tickets).toHaveLength(1)
  event.set()
  expect(await call).toBe(true)
})
