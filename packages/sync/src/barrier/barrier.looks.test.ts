/**
 * The answer of a Barrier that is asked about a round while the round ends: so it is tested over a
 * memory in which the round ends between two loads of the same question.
 */
import type { Memory } from '@ipc/core/author'
import { FakeMemory } from '@ipc/testing'
import { beforeEach, expect, test } from 'vitest'
import { Barrier } from './barrier.ts'

const FILLING = 0
const DRAINING = 0x20000000
const BROKEN = 0x40000000
const STATE = 0
const FIRST_PLACE = 1
const PARTY = 8 << 18

let fake: FakeMemory
let barrier: Barrier
let isPartyDead: boolean

beforeEach(() => {
  isPartyDead = false
  fake = new FakeMemory(3)
  fake.isDead = (agent) => agent === PARTY && isPartyDead
  barrier = Barrier.at(fake as unknown as Memory, 0, { parties: 2 })
  fake.words[FIRST_PLACE] = PARTY
})

/** The step that others take just before the places are read. */
function meanwhile(change: () => void): void {
  fake.beforeLoad = (index) => {
    if (index !== FIRST_PLACE) return
    fake.beforeLoad = () => {}
    change()
  }
}

const roundBecomes = (state: number): void => {
  fake.words[STATE] = state
}

test('a party that dies after its round has passed breaks nothing', () => {
  meanwhile(() => {
    roundBecomes(DRAINING)
    isPartyDead = true
  })
  expect(barrier.broken).toBe(false)
})

test('a party that dies while it waits breaks the round that others join meanwhile', () => {
  isPartyDead = true
  meanwhile(() => {
    fake.words[FIRST_PLACE + 1] = PARTY
    roundBecomes(FILLING | (0x80000000 | 0)) // and somebody sleeps
  })
  expect(barrier.broken).toBe(true)
})

test('a round that is broken meanwhile is told as broken', () => {
  isPartyDead = true
  meanwhile(() => roundBecomes(BROKEN))
  expect(barrier.broken).toBe(true)
})

test('nobody waits for a round that passes meanwhile', () => {
  meanwhile(() => roundBecomes(DRAINING))
  expect(barrier.waiting).toBe(0)
  roundBecomes(FILLING)
  expect(barrier.waiting).toBe(1)
})
