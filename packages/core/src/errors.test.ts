import { expect, test } from 'vitest'
import { checkOptions, flag, integer, IpcError, outOfRange, shown, wrongType } from './errors.ts'

test.each([
  ['a"b', String.raw`"a\"b"`],
  ['', '""'],
  [-0, '-0'],
  [0, '0'],
  [Number.NaN, 'NaN'],
  [5n, '5n'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('s'), 'Symbol(s)'],
  [function named() {}, 'function named'],
  [() => {}, 'function (anonymous)'],
  [[], 'an instance of Array'],
  [new Map(), 'an instance of Map'],
  [Object.create(null), 'an instance of null-prototype Object'],
])('shown(%s)', (value, text) => {
  expect(shown(value)).toBe(text)
})

test('built-in errors keep their name and have the codes of Node', () => {
  const type = wrongType('what', 'a number', 'x')
  expect(type).toBeInstanceOf(TypeError)
  expect(type).toMatchObject({
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_TYPE',
    message: 'what must be a number: "x"',
  })
  const range = outOfRange('what', 'at most 5', 6)
  expect(range).toBeInstanceOf(RangeError)
  expect(range).toMatchObject({
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
    message: 'what must be at most 5: 6',
  })
})

test('IpcError has a code, a name and a stack of its own', () => {
  const one = new IpcError('ERR_IPC_CLOSED', 'use lock: it was closed')
  expect(one).toBeInstanceOf(Error)
  expect(one).toMatchObject({ name: 'IpcError', code: 'ERR_IPC_CLOSED' })
  expect(one.stack).toContain('errors.test.ts')
})

test('integer() lets pass what is between, and names the rest', () => {
  expect([0, 3, 7].map((value) => integer('n', value, 0, 7))).toEqual([0, 3, 7])
  for (const value of [-1, 8, 1.5, Number.NaN, Infinity]) {
    expect(() => integer('n', value, 0, 7)).toThrow(`n must be an integer from 0 to 7: ${value}`)
  }
  for (const value of ['3', 3n, null, undefined, {}]) {
    expect(() => integer('n', value, 0, 7)).toThrow(TypeError)
  }
})

test('flag() and checkOptions() take undefined for "as it is"', () => {
  expect([flag('f', undefined, true), flag('f', undefined, false), flag('f', false, true)]).toEqual(
    [true, false, false],
  )
  expect(() => flag('f', null, true)).toThrow('f must be a boolean: null')
  checkOptions('o', undefined)
  checkOptions('o', {})
  expect(() => checkOptions('o', null)).toThrow('o must be an object: null')
  expect(() => checkOptions('o', () => {})).toThrow(TypeError)
})
