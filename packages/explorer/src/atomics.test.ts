import { expect, test } from 'vitest'
import { overAtomics, SimulatedAtomics, type AtomicsAlgorithm } from './atomics.ts'
import { check, replay, type CheckOptions, type Report } from './check.ts'

const FULL: CheckOptions = { complete: true, schedules: 0 }

function explore(
  threads: AtomicsAlgorithm['threads'],
  more: Partial<AtomicsAlgorithm> = {},
  options: CheckOptions = FULL,
): Report {
  return check(overAtomics({ words: 4, threads, ...more }), options)
}

/** Collects what the words are at the end, under every schedule. */
function endings(...threads: AtomicsAlgorithm['threads']): string[] {
  const seen = new Set<string>()
  const report = explore(threads, {
    maySleep: () => true,
    atRest: (words) => void seen.add([0, 1, 2, 3].map((word) => words.load(word)).join(' ')),
  })
  expect(report.failure).toBeNull()
  return [...seen].toSorted()
}

test('each function of Atomics does what the real one does', () => {
  const program = (words: Int32Array): number[] => [
    Atomics.store(words, 0, 6),
    Atomics.add(words, 0, 5),
    Atomics.sub(words, 0, 1),
    Atomics.and(words, 0, 0b1100),
    Atomics.or(words, 0, 0b0011),
    Atomics.xor(words, 0, 0b0101),
    Atomics.exchange(words, 0, -7),
    Atomics.compareExchange(words, 0, -7, 2 ** 31),
    Atomics.compareExchange(words, 0, 1, 2),
    Atomics.load(words, 0),
    Atomics.notify(words, 0),
    Number(Atomics.isLockFree(4)),
    ['ok', 'not-equal', 'timed-out'].indexOf(Atomics.wait(words, 0, 5)),
  ]
  const expected = program(new Int32Array(new SharedArrayBuffer(16)))
  const say = (words: Int32Array): void => {
    throw new Error(program(words).join(' '))
  }
  expect(explore([say]).failure!.verdict).toBe(`T0 throws Error: ${expected.join(' ')}`)
})

test('plain accesses are steps: two that count without Atomics lose one', () => {
  const count = (words: Int32Array): void => void words[0]!++
  expect(endings(count, count)).toEqual(['1 0 0 0', '2 0 0 0'])
  const countWell = (words: Int32Array): void => void Atomics.add(words, 0, 1)
  expect(endings(countWell, countWell)).toEqual(['2 0 0 0'])
})

test('arrays over the same buffer, and parts of it, are the same words', () => {
  const write = (words: Int32Array): void => {
    new Int32Array(words.buffer, 4, 2)[1] = 7
    words.subarray(1).set([5])
    words.subarray(-1).fill(9)
    const all = [...new Int32Array(words.buffer)].join(' ')
    if (all !== '0 5 7 9') throw new Error(`it is ${all}`)
    if (words.length !== 4 || words.byteLength !== 16) throw new Error('it is not as long')
    if (words.subarray(1).byteOffset !== 4) throw new Error('it begins elsewhere')
    if (!(words instanceof Int32Array)) throw new Error('it is no Int32Array')
    if (String(words.map((word) => word * 2)) !== '0,10,14,18') throw new Error('map() is wrong')
    if (words.indexOf(7) !== 2 || words.at(-1) !== 9) throw new Error('at() is wrong')
  }
  expect(endings(write)).toEqual(['0 5 7 9'])
})

test('what cannot be explored is refused, and says why', () => {
  const views = (words: Int32Array): void => void new Uint8Array(words.buffer)
  expect(explore([views]).failure!.verdict).toBe(
    'T0 throws TypeError: only an Int32Array over the simulated words is explored: Uint8Array',
  )
  const beyond = (words: Int32Array): void => void Atomics.load(words, 4)
  expect(explore([beyond]).failure!.verdict).toBe(
    'T0 throws RangeError: Invalid atomic access index: 4',
  )
  const longer = (words: Int32Array): void => void new Int32Array(words.buffer, 8, 3)
  expect(explore([longer]).failure!.verdict).toContain('the simulated buffer has 16 bytes')
  expect(() => explore([beyond], {}, { spurious: 1 })).toThrow(/spurious must be 0 over Atomics/)
})

test('other arrays, and the clock, are what they always are', () => {
  const own = (words: Int32Array): void => {
    const mine = new Int32Array(2)
    Atomics.add(mine, 1, 3)
    const bytes = new Uint8Array([1, 2, 3])
    Atomics.store(words, 0, Atomics.load(mine, 1) + bytes.length)
  }
  const globals = (): unknown[] => [
    Atomics,
    Int32Array,
    Uint8Array,
    Reflect.get(Date, 'now'),
    Reflect.get(performance, 'now'),
  ]
  const before = globals()
  expect(endings(own)).toEqual(['6 0 0 0'])
  expect(globals().every((value, i) => value === before[i])).toBe(true)
  const odd = (words: Int32Array): void => void Atomics.add(words, 0, Math.random() * 1e9)
  expect(() => explore([odd])).toThrow(/depends on more than its answers/)
  expect(globals().every((value, i) => value === before[i])).toBe(true)
})

const set = (words: Int32Array): void => {
  Atomics.store(words, 0, 1)
  Atomics.notify(words, 0)
}

test('Atomics.wait sleeps until it is notified, and not when the word has changed', () => {
  const wait = (words: Int32Array): void => {
    const outcome = Atomics.wait(words, 0, 0)
    Atomics.store(words, 1, outcome === 'ok' ? 1 : 2)
  }
  expect(endings(wait, set)).toEqual(['1 1 0 0', '1 2 0 0'])
  expect(explore([wait, (words) => words.fill(1, 0, 1)]).failure!.verdict).toMatch(/^T0 sleeps/)
})

test('a wait with a time-out may time out at any moment; without one it never does', () => {
  const waitFor = (words: Int32Array): void => {
    const outcome = Atomics.wait(words, 0, 0, 10)
    Atomics.store(words, 1, ['ok', 'not-equal', 'timed-out'].indexOf(outcome) + 1)
  }
  expect(endings(waitFor, set)).toEqual(['1 1 0 0', '1 2 0 0', '1 3 0 0'])
  expect(explore([waitFor]).held).toBe(true)
  expect(explore([(words) => void Atomics.wait(words, 0, 0)]).held).toBe(false)
})

test('a deadline is over when a wait until then has timed out', () => {
  const waitUntil = (now: () => number) => (words: Int32Array) => {
    const deadline = now() + 50
    for (let left = 50; left > 0; left = deadline - now()) {
      if (Atomics.load(words, 0) === 1) return
      Atomics.wait(words, 0, 0, left)
    }
    Atomics.store(words, 1, 1)
  }
  for (const now of [() => performance.now(), () => Date.now()]) {
    expect(endings(waitUntil(now), set)).toEqual(['1 0 0 0', '1 1 0 0'])
  }
})

test('notify wakes as many as it says, whichever they are', () => {
  const wait = (words: Int32Array): void => {
    Atomics.add(words, 3, 1)
    if (Atomics.wait(words, 0, 0) === 'ok') Atomics.add(words, 1, 1)
  }
  const wakeOne = (words: Int32Array): void => {
    if (Atomics.load(words, 3) === 2) Atomics.store(words, 2, Atomics.notify(words, 0, 1))
  }
  expect(endings(wait, wait, wakeOne)).toEqual(['0 0 0 2', '0 1 1 2'])
})

test('no sleep hears of a death', () => {
  const wait = (words: Int32Array): void => void Atomics.wait(words, 0, 0)
  const { failure } = explore([wait, set], {}, { ...FULL, deaths: 1 })
  expect(failure!.verdict).toMatch(/^T0 sleeps, nobody will wake it/)
  expect(failure!.token).toMatch(/^deaths=1:/)
  const again = replay(overAtomics({ words: 4, threads: [wait, set] }), failure!.token)
  expect(again.failure).toEqual(failure)
})

test('code that has copies of the functions of Atomics can be given simulated ones', () => {
  const makeLock =
    (own: typeof Atomics) =>
    (words: Int32Array): void => {
      while (own.compareExchange(words, 0, 0, 1) !== 0) own.wait(words, 0, 1)
      own.store(words, 1, words[1]! + 1)
      own.store(words, 0, 0)
      own.notify(words, 0, 1)
    }
  const lock = makeLock(SimulatedAtomics)
  expect(endings(lock, lock)).toEqual(['0 2 0 0'])
})

test('calls of what `open` makes stand in the timeline', () => {
  class Counter {
    readonly words: Int32Array
    constructor(words: Int32Array) {
      this.words = words
    }
    count(): void {
      this.words[0]!++
    }
  }
  const report = check(
    overAtomics({
      words: 1,
      open: (words) => new Counter(words),
      threads: [(counter) => counter.count(), (counter) => counter.count()],
      names: ['count'],
      atRest: (words) => (words.load(0) === 2 ? undefined : 'one is lost'),
    }),
  )
  expect(String(report)).toMatch(/\| {3}load count → 0/)
  expect(String(report)).toMatch(/\| count\(\)/)
})
