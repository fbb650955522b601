import { execFileSync } from 'node:child_process'
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { signalNumber, strsignal } from './numbers.ts'
import { signalTable, validSignals } from './tables.ts'

test('signalTable() has the numbers and names that kill -l prints', () => {
  const printed = execFileSync('bash', ['-c', 'kill -l'], { encoding: 'utf8' })
  const expected = [...printed.matchAll(/(\d+)\) (\S+)/g)].map(([, number, name]) => [
    Number(number),
    name,
  ])
  expect(signalTable().map(({ number, signal }) => [number, signal])).toEqual(expected)
})

test('signalTable() describes what a signal does by default', () => {
  expect(signalTable()[14]).toEqual({
    signal: 'SIGTERM',
    number: 15,
    action: 'terminate',
    description: 'Terminated',
  })
  expect(strsignal('SEGV')).toBe('Segmentation fault')
  expect(strsignal('SIGRTMIN+2')).toBe('Real-time signal 2')
  expect(validSignals()).toContain('SIGRTMAX-14')
  expect(validSignals()).toHaveLength(62)
})

describe('signals as arguments', () => {
  test('are names with and without SIG, and numbers', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      expect(signalNumber(name)).toBe(number)
      expect(signalNumber(name.slice(3))).toBe(number)
    }
    for (const { signal, number } of signalTable()) {
      expect(signalNumber(signal)).toBe(number)
      expect(signalNumber(number)).toBe(number)
    }
    expect(signalNumber('RTMIN')).toBe(34)
    expect(signalNumber('SIGRTMIN+30')).toBe(64)
    expect(signalNumber('SIGRTMAX-30')).toBe(34)
  })

  test.each([0, 65, -1, 32, 33, 1.5, NaN, Infinity])('%s is out of range', (signal) => {
    expect(() => signalNumber(signal)).toThrow(RangeError)
    expect(() => signalNumber(signal)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    )
  })

  test.each(['SIGFOO', '', 'SIG', 'SIGRTMIN+31', 'RTMIN+01', '10', 'sigint', 'toString'])(
    '%j is no name',
    (signal) => {
      expect(() => signalNumber(signal)).toThrow(TypeError)
      expect(() => signalNumber(signal)).toThrow(
        expect.objectContaining({
          code: 'ERR_UNKNOWN_SIGNAL',
          message: `signal must be the name of a signal: ${JSON.stringify(signal)}`,
        }),
      )
    },
  )

  test.each([null, undefined, 10n, {}, ['SIGINT'], true])('%s has the wrong type', (signal) => {
    expect(() => signalNumber(signal)).toThrow(TypeError)
    expect(() => signalNumber(signal)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
  })
})
