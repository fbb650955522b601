import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkName } from './names.ts'

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-'

test.each(['a', '0', 'A.b_c-d', 'a..b', `x${'.'.repeat(127)}`, 'a'.repeat(128)])(
  'checkName() lets %s pass',
  (name) => {
    expect(checkName(name)).toBe(name)
  },
)

const isName = (name: string): boolean => {
  const characters = name.split('')
  const clean = characters.length >= 1 && characters.length <= 128
  const known = characters.every((character) => CHARACTERS.includes(character))
  return clean && known && !'._-'.includes(name.charAt(0))
}

/** Whether it passes; or the code of the error. */
const outcome = (name: string): unknown => {
  try {
    return checkName(name) === name
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

test('checkName() lets pass what the characters allow, and nothing else', () => {
  const unit = fc.constantFrom(...CHARACTERS.split(''))
  for (const names of [
    fc.string({ unit, minLength: 1, maxLength: 130 }),
    fc.string({ unit: 'binary' }),
    fc.string(),
  ]) {
    const law = fc.property(names, (name) => {
      expect(outcome(name)).toBe(isName(name) || 'ERR_IPC_INVALID_NAME')
    })
    fc.assert(law)
  }
})

test('checkName() shows what was wrong, not all of what is too long', () => {
  expect(() => checkName('a/b')).toThrow('"a/b"')
  expect(() => checkName('x'.repeat(100_000))).toThrow(/… \(100000 characters\)/)
  expect(() => checkName(7)).toThrow(TypeError)
})
