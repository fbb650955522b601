import { describe, expect, test } from 'vitest'
import { abandoned, call, gaveUp, saw } from './fixtures/calls.ts'
import { linearize } from './linearize.ts'
import { countedSpec, eventSpec, lockSpec, ownedSpec } from './specs.ts'

describe('a lock', () => {
  test('is taken one after the other, in whatever order explains it', () => {
    const calls = [
      call(0, 'acquire', [1, 6]),
      call(1, 'acquire', [2, 3]),
      call(1, 'release', [4, 5]),
      call(0, 'release', [7, 8]),
    ]
    expect(linearize(lockSpec, calls)).toEqual({ is: 'explained' })
  })

  test('is never had by two', () => {
    const second = call(1, 'acquire', [3, 4])
    const calls = [call(0, 'acquire', [1, 2]), second, call(0, 'release', [5, 6])]
    expect(linearize(lockSpec, calls)).toMatchObject({ is: 'unexplained' })
  })

  test('tells of the death of its owner', () => {
    const calls = [
      call(0, 'acquire', [1, 2]),
      call(0, 'die', [2, 6]),
      call(1, 'acquire', [3, 4], abandoned),
    ]
    expect(linearize(lockSpec, calls).is).toBe('explained')
    expect(linearize(lockSpec, calls.with(2, call(1, 'acquire', [3, 4]))).is).toBe('unexplained')
  })

  test('tells of it once', () => {
    const calls = [
      call(0, 'acquire', [1, 2]),
      call(0, 'die', [2, 3]),
      call(1, 'acquire', [4, 5], abandoned),
      call(1, 'release', [6, 7]),
    ]
    expect(linearize(lockSpec, [...calls, call(2, 'acquire', [8, 9])]).is).toBe('explained')
    const again = [...calls, call(2, 'acquire', [8, 9], abandoned)]
    expect(linearize(lockSpec, again).is).toBe('unexplained')
  })

  test.each([
    ['had been taken', abandoned],
    ['had not', {}],
  ])('may have been taken by one who died meanwhile: it %s', (_, told) => {
    const calls = [
      call(0, 'acquire', [1]),
      call(0, 'die', [1, 2]),
      call(1, 'acquire', [3, 4], told),
    ]
    expect(linearize(lockSpec, calls).is).toBe('explained')
  })

  test('is not taken by one who is dead', () => {
    const calls = [
      call(0, 'acquire', [1]),
      call(0, 'die', [1, 2]),
      call(1, 'acquire', [3, 4]),
      call(1, 'release', [5, 6]),
      call(2, 'acquire', [7, 8], abandoned),
    ]
    expect(linearize(lockSpec, calls).is).toBe('unexplained')
  })

  test('is not refused when it is free', () => {
    expect(linearize(lockSpec, [call(0, 'acquire', [1, 2], gaveUp)]).is).toBe('unexplained')
  })
})

describe('a semaphore', () => {
  const spec = { kind: 'semaphore', placed: 'own', value: 1, bounded: true, undo: false } as const

  test('has no more permits than were given', () => {
    const calls = [call(0, 'acquire', [1, 2]), call(1, 'acquire', [3, 4])]
    expect(linearize(countedSpec(spec), calls).is).toBe('unexplained')
  })

  test('loses none', () => {
    const calls = [
      call(0, 'acquire', [1, 2]),
      call(0, 'release', [3, 4]),
      call(1, 'look', [5, 6], saw(0)),
    ]
    expect(linearize(countedSpec(spec), calls).is).toBe('unexplained')
  })

  test('refuses above its bound, and only there', () => {
    const refused = call(0, 'release', [1, 2], { result: 'refused' })
    expect(linearize(countedSpec(spec), [refused]).is).toBe('explained')
    expect(linearize(countedSpec({ ...spec, bounded: false }), [refused]).is).toBe('unexplained')
  })

  test('gets back with undo what the dead had, and keeps without it', () => {
    const calls = [
      call(0, 'acquire', [1, 2]),
      call(0, 'die', [2, 3]),
      call(1, 'look', [4, 5], saw(1)),
    ]
    expect(linearize(ownedSpec({ ...spec, undo: true }), calls).is).toBe('explained')
    expect(linearize(countedSpec(spec), calls).is).toBe('unexplained')
  })
})

describe('an event', () => {
  test('releases who waits during a pulse', () => {
    const calls = [call(0, 'wait', [1, 6]), call(1, 'set', [2, 3]), call(1, 'clear', [4, 5])]
    expect(linearize(eventSpec, calls).is).toBe('explained')
  })

  test('releases nobody who comes after it', () => {
    const calls = [call(1, 'set', [1, 2]), call(1, 'clear', [3, 4]), call(0, 'wait', [5, 6])]
    expect(linearize(eventSpec, calls)).toMatchObject({ is: 'unexplained', stuck: [calls[2]] })
  })

  test('is seen to be set by a set that never returned', () => {
    const calls = [call(1, 'set', [1]), call(0, 'wait', [2, 3])]
    expect(linearize(eventSpec, calls).is).toBe('explained')
  })
})

test('linearize() says unknown at its limit, and never that it passed', () => {
  const calls = Array.from({ length: 8 }, (_, agent) => call(agent, 'set', [agent + 1, 20 + agent]))
  const never = call(9, 'look', [10, 30], saw(0))
  const cleared = [...calls, call(10, 'set', [0, 0]), never]
  expect(linearize(eventSpec, cleared).is).toBe('unexplained')
  expect(linearize(eventSpec, cleared, 20)).toEqual({ is: 'unknown' })
})
