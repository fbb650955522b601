/**
 * Code that is written for `Atomics` is explored as it stands: each example has a sound form, and one with a
 * bug.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ForgetfulMutex, Mutex } from '../examples/mutex.js'
import { HastyRingBuffer, RingBuffer } from '../examples/ring-buffer.js'
import { HastyRWLock, RWLock } from '../examples/rwlock.js'
import { SeqLock, TrustingSeqLock } from '../examples/seqlock.js'
import type { Thread } from './algorithm.ts'
import { overAtomics, type AtomicsAlgorithm } from './atomics.ts'
import { check, replay, type CheckOptions } from './check.ts'

const EVERYTHING: CheckOptions = { complete: true, schedules: 0, budgetMs: 100_000 }

const COMPLETE = /^all schedules: the complete state graph, [\d,]+ states$/

/**
 * Tells what was covered of the sound form, and what is wrong with the other one, also when it is replayed.
 */
function explore<T>(
  algorithm: Omit<AtomicsAlgorithm<T>, 'open'>,
  sound: (words: Int32Array) => T,
  broken: (words: Int32Array) => T,
): { readonly covered: string; readonly verdict: string; readonly again: string } {
  const report = check(overAtomics({ ...algorithm, open: sound }), EVERYTHING)
  const planted = overAtomics({ ...algorithm, open: broken })
  const found = check(planted)
  return {
    covered: report.held ? report.coverage.at(-1)! : String(report),
    verdict: found.failure?.verdict ?? String(found),
    again: replay(planted, found.failure?.token ?? '').failure?.verdict ?? 'nothing',
  }
}

test('a mutex of three states, and one that forgets who sleeps', () => {
  const hold = (mutex: Mutex, thread: Thread): void => {
    mutex.lock()
    thread.enter()
    thread.leave()
    mutex.unlock()
  }
  const { covered, verdict, again } = explore(
    { words: 1, threads: [hold, hold, hold], names: ['state'] },
    (words) => new Mutex(words),
    (words) => new ForgetfulMutex(words),
  )
  expect(covered).toMatch(COMPLETE)
  expect(verdict).toMatch(/^T\d sleeps, nobody will wake it/)
  expect(again).toBe(verdict)
})

test('a ring buffer, and one that tells of an item before it is there', () => {
  const produce = (ring: RingBuffer): void => {
    for (const item of [11, 12, 13]) ring.put(item)
  }
  const consume = (ring: RingBuffer): void => {
    for (const item of [11, 12, 13]) {
      const taken = ring.take()
      if (taken !== item) throw new Error(`it takes ${taken}, and not ${item}`)
    }
  }
  const { covered, verdict, again } = explore(
    { words: 4, threads: [produce, consume], names: ['head', 'tail', 'slot0', 'slot1'] },
    (words) => new RingBuffer(words),
    (words) => new HastyRingBuffer(words),
  )
  expect(covered).toMatch(COMPLETE)
  expect(verdict).toMatch(/^T1 throws Error: it takes \d+, and not 1[123]$/)
  expect(again).toBe(verdict)
})

test('a sequence lock, and one whose reader does not look again', () => {
  const write = (lock: SeqLock): void => {
    lock.write(1, -1)
    lock.write(2, -2)
  }
  const read = (lock: SeqLock): void => {
    const [x, y] = lock.read()
    if (x !== -y) throw new Error(`it reads ${x} and ${y}`)
  }
  const { covered, verdict, again } = explore(
    { words: 3, threads: [write, write, read], names: ['sequence', 'x', 'y'] },
    (words) => new SeqLock(words),
    (words) => new TrustingSeqLock(words),
  )
  expect(covered).toMatch(COMPLETE)
  expect(verdict).toMatch(/^T2 throws Error: it reads/)
  expect(again).toBe(verdict)
})

test('a reader-writer lock, and one whose writer sleeps unannounced', () => {
  const INSIDE = 2
  const read = (lock: RWLock): void => {
    lock.readLock()
    if (Atomics.add(lock.words, INSIDE, 1) < 0) throw new Error('it reads while somebody writes')
    Atomics.sub(lock.words, INSIDE, 1)
    lock.readUnlock()
  }
  const write = (lock: RWLock): void => {
    lock.writeLock()
    if (Atomics.sub(lock.words, INSIDE, 100) !== 0) throw new Error('it writes, and is not alone')
    Atomics.add(lock.words, INSIDE, 100)
    lock.writeUnlock()
  }
  const { covered, verdict, again } = explore(
    { words: 3, threads: [read, write, write], names: ['state', 'wakes', 'inside'] },
    (words) => new RWLock(words),
    (words) => new HastyRWLock(words),
  )
  expect(covered).toMatch(COMPLETE)
  expect(verdict).toMatch(/sleeps, nobody will wake it/)
  expect(again).toBe(verdict)
})

test('the example over Memory finds the planted bug, and nothing in the right one', () => {
  const file = fileURLToPath(new URL('../examples/spin-then-park.js', import.meta.url))
  const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' })
  expect(printed).toMatch(/^SpinThenPark\nHELD\n {2}all schedules with ≤ 0 preemptions: /m)
  expect(printed).toMatch(/^LooksTooEarly\nVIOLATED: T\d sleeps, nobody will wake it/m)
})
