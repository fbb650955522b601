import { describe, expect, test } from 'vitest'
import type { Call } from '../history/call.ts'
import { barrierSpec } from './barrier-spec.ts'
import { conditionSpec } from './condition-spec.ts'
import { abandoned, call, gaveUp, saw } from './fixtures/calls.ts'
import { inHalves } from './halves.ts'
import { linearize, type Spec } from './linearize.ts'
import { rwlockSpec } from './rwlock-spec.ts'
import { rlockSpec } from './specs.ts'

const refused = { result: 'refused' } as const
const level = (argument: number): Partial<Call> => ({ argument })

function isExplained<S>(spec: Spec<S>, calls: readonly Call[]): boolean {
  return linearize(spec, inHalves(calls)).is === 'explained'
}

describe('an RLock', () => {
  const nested = [
    call(0, 'acquire', [1, 2]),
    call(0, 'acquire', [3, 4], level(2)),
    call(0, 'release', [5, 6], level(2)),
  ]

  test('is free when the last level was released', () => {
    const released = [...nested, call(0, 'release', [7, 8]), call(1, 'acquire', [9, 10])]
    expect(isExplained(rlockSpec, released)).toBe(true)
    expect(isExplained(rlockSpec, [...nested, call(1, 'acquire', [7, 8])])).toBe(false)
  })

  test('knows its depth, and is released by its owner only', () => {
    expect(isExplained(rlockSpec, [...nested, call(0, 'release', [7, 8], level(2))])).toBe(false)
    const others = call(1, 'release', [7, 8], refused)
    expect(isExplained(rlockSpec, [...nested, others])).toBe(true)
    expect(isExplained(rlockSpec, [...nested, { ...others, result: 'done' }])).toBe(false)
  })

  test('of a dead owner is told of, whatever its depth was', () => {
    const died = [...nested, call(0, 'die', [6, 7])]
    expect(isExplained(rlockSpec, [...died, call(1, 'acquire', [8, 9], abandoned)])).toBe(true)
    expect(isExplained(rlockSpec, [...died, call(1, 'acquire', [8, 9])])).toBe(false)
  })
})

describe('an RWLock', () => {
  test('has many readers or one writer', () => {
    const readers = [call(0, 'share', [1, 2]), call(1, 'share', [3, 4])]
    expect(isExplained(rwlockSpec, readers)).toBe(true)
    expect(isExplained(rwlockSpec, [...readers, call(2, 'acquire', [5, 6])])).toBe(false)
    const writer = [call(0, 'acquire', [1, 2]), call(1, 'share', [3, 4])]
    expect(isExplained(rwlockSpec, writer)).toBe(false)
  })

  test('shows readers nothing half-written, unless a writer died inside', () => {
    const torn = [call(1, 'share', [5, 6]), call(1, 'read', [7, 8], saw(1))]
    expect(isExplained(rwlockSpec, torn)).toBe(false)
    const died = [call(0, 'acquire', [1, 2]), call(0, 'die', [2, 3])]
    expect(isExplained(rwlockSpec, [...died, ...torn])).toBe(false) // the second owner was not told
    const told = torn.with(0, call(1, 'share', [5, 6], abandoned))
    expect(isExplained(rwlockSpec, [...died, ...told])).toBe(true)
    const later = [call(1, 'unshare', [9, 10]), call(2, 'share', [11, 12])]
    const again = call(2, 'read', [13, 14], saw(1))
    expect(isExplained(rwlockSpec, [...died, ...told, ...later])).toBe(true)
    expect(isExplained(rwlockSpec, [...died, ...told, ...later, again])).toBe(false)
  })
})

describe('a Barrier', () => {
  const spec = barrierSpec({ kind: 'barrier', placed: 'own', parties: 2 })
  const impatient = { argument: 0 }

  test('lets pass those who have all come, each with its index', () => {
    const pass = [call(0, 'wait', [1, 4], saw(0)), call(1, 'wait', [2, 3], saw(1))]
    expect(isExplained(spec, pass)).toBe(true)
    expect(isExplained(spec, pass.with(1, call(1, 'wait', [2, 3], saw(0))))).toBe(false)
    expect(isExplained(spec, pass.with(1, call(1, 'wait', [5, 6], saw(1))))).toBe(false)
    expect(isExplained(spec, pass.slice(1))).toBe(false)
  })

  test('lets nobody pass when it was broken, until it is reset', () => {
    const broken = [
      call(0, 'wait', [1, 6], refused),
      call(1, 'wait', [2, 4], { ...refused, ...impatient }),
    ]
    const more = [call(2, 'wait', [7, 12], saw(0)), call(3, 'wait', [8, 11], saw(1))]
    expect(isExplained(spec, broken)).toBe(true)
    expect(isExplained(spec, broken.with(1, call(1, 'wait', [2, 4], refused)))).toBe(false)
    expect(isExplained(spec, [...broken, ...more])).toBe(false)
    expect(isExplained(spec, [...broken, call(4, 'reset', [9, 10]), ...more])).toBe(true)
  })

  test('is broken by the death of one who has come', () => {
    const calls = [call(0, 'wait', [1]), call(1, 'wait', [4, 5], refused)]
    expect(isExplained(spec, [...calls, call(0, 'die', [2, 3])])).toBe(true)
    expect(isExplained(spec, calls)).toBe(false)
  })
})

describe('a Condition', () => {
  const wait = (agent: number, at: number, end: number, rest: Partial<Call> = {}): Call[] => [
    call(agent, 'acquire', [at, at + 1]),
    call(agent, 'wait', [at + 2, end], rest),
    call(agent, 'release', [end + 1, end + 2]),
  ]
  const notify = (at: number, count: number): Call[] => [
    call(2, 'acquire', [at, at + 1]),
    call(2, 'notify', [at + 2, at + 3], { argument: count }),
    call(2, 'release', [at + 4, at + 5]),
  ]

  test('wakes those who wait longest, and nobody else', () => {
    const oldest = [...wait(0, 1, 20), ...wait(1, 4, 30, gaveUp), ...notify(10, 1)]
    expect(isExplained(conditionSpec, oldest)).toBe(true)
    const newest = [...wait(0, 1, 30, gaveUp), ...wait(1, 4, 20), ...notify(10, 1)]
    expect(isExplained(conditionSpec, newest)).toBe(false)
    const both = [...wait(0, 1, 20), ...wait(1, 4, 30)]
    expect(isExplained(conditionSpec, [...both, ...notify(10, 2)])).toBe(true)
    expect(isExplained(conditionSpec, [...both, ...notify(10, 1)])).toBe(false)
  })

  test('has no time-out for who was notified, and passes on the wake of who is aborted', () => {
    expect(isExplained(conditionSpec, [...wait(0, 1, 20, gaveUp), ...notify(10, 1)])).toBe(false)
    const aborted = [...wait(0, 1, 20, { result: 'aborted' }), ...wait(1, 4, 30)]
    expect(isExplained(conditionSpec, [...aborted, ...notify(10, 1)])).toBe(true)
  })

  test('gives the lock back to one at a time', () => {
    const calls = [...wait(0, 1, 20), ...notify(10, 1)]
    const meanwhile = [call(3, 'acquire', [17, 18]), call(3, 'release', [25, 26])]
    expect(isExplained(conditionSpec, calls)).toBe(true)
    expect(isExplained(conditionSpec, [...calls, ...meanwhile])).toBe(false)
  })
})
