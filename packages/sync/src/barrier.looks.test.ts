/**
 * What a look at a Barrier says of a round that ends meanwhile: so it is tested over a memory in
 * which the round ends between two of the look's own loads.
 */
import type { Memory } from '@ipc/core'
import { beforeEach, expect, test } from 'vitest'
import { Barrier } from './barrier.ts'

const FILLING = 0
const DRAINING = 0x20000000
const BROKEN = 0x40000000
const STATE = 0
const FIRST_PLACE = 1
const PARTY = 8 << 18

class FakeMemory {
  readonly words = new Int32Array(3)
  readonly self = 7 << 18
  /** What others do when a place is looked at for the first time. */
  meanwhile: () => void = () => {}
  isPartyDead = false

  load(index: number): number {
    const word = this.words[index]!
    if (index === FIRST_PLACE) {
      this.meanwhile()
      this.meanwhile = () => {}
    }
    return word
  }

  compareExchange = (): number => expect.unreachable('a look changes nothing')
  isDead = (agent: number): boolean => agent === PARTY && this.isPartyDead
}

let fake: FakeMemory
let barrier: Barrier

beforeEach(() => {
  fake = new FakeMemory()
  barrier = Barrier.at(fake as unknown as Memory, 0, { parties: 2 })
  fake.words[FIRST_PLACE] = PARTY
})

const roundBecomes = (state: number): void => {
  fake.words[STATE] = state
}

test('a party that dies after its round has passed breaks nothing', () => {
  fake.meanwhile = () => {
    roundBecomes(DRAINING)
    fake.isPartyDead = true
  }
  expect(barrier.broken).toBe(false)
})

test('a party that dies while it waits breaks the round that others join meanwhile', () => {
  fake.isPartyDead = true
  fake.meanwhile = () => {
    fake.words[FIRST_PLACE + 1] = PARTY
    roundBecomes(FILLING | (0x80000000 | 0)) // and somebody sleeps
  }
  expect(barrier.broken).toBe(true)
})

test('a round that is broken meanwhile is told as broken', () => {
  fake.isPartyDead = true
  fake.meanwhile = () => roundBecomes(BROKEN)
  expect(barrier.broken).toBe(true)
})

test('nobody waits for a round that passes meanwhile', () => {
  fake.meanwhile = () => roundBecomes(DRAINING)
  expect(barrier.waiting).toBe(0)
  roundBecomes(FILLING)
  expect(barrier.waiting).toBe(1)
})
