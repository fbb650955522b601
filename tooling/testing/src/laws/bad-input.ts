/* oxlint-disable vitest/expect-expect -- expectRefusal() expects */
import { describe, expect, test } from 'vitest'
import type { ClassLike, PrimitiveLike } from './placements.ts'

/** Any value at all, to call with. */
// oxlint-disable-next-line typescript/no-explicit-any -- wrong on purpose
export type Anything = any

/** A wrong value, the class of the error, and how its message shows the value. */
export type Wrong = readonly [
  value: unknown,
  error: 'TypeError' | 'RangeError',
  shown: string,
  code?: string,
]

const CODES = { TypeError: 'ERR_INVALID_ARG_TYPE', RangeError: 'ERR_OUT_OF_RANGE' } as const
const INVALID_NAME = 'ERR_IPC_INVALID_NAME'
const LONG = 'a'.repeat(200)

export const wrongNames: readonly Wrong[] = [
  ['', 'RangeError', '""', INVALID_NAME],
  ['../x', 'RangeError', '"../x"', INVALID_NAME],
  ['/', 'RangeError', '"/"', INVALID_NAME],
  ['a/b', 'RangeError', '"a/b"', INVALID_NAME],
  ['a\0b', 'RangeError', '"a\\u0000b"', INVALID_NAME],
  ['a\n', 'RangeError', '"a\\n"', INVALID_NAME],
  ['.x', 'RangeError', '".x"', INVALID_NAME],
  ['~x', 'RangeError', '"~x"', INVALID_NAME],
  ['ä', 'RangeError', '"ä"', INVALID_NAME],
  [LONG, 'RangeError', LONG.slice(0, 100), INVALID_NAME],
  ['a'.repeat(129), 'RangeError', LONG.slice(0, 100), INVALID_NAME],
  [5, 'TypeError', '5'],
  [undefined, 'TypeError', 'undefined'],
  [null, 'TypeError', 'null'],
  [{}, 'TypeError', 'Object'],
  [['a'], 'TypeError', 'Array'],
]

/** Lists values that are wrong where an integer from `min` to `max` is asked for. */
export function wrongIntegers(min: number, max: number): readonly Wrong[] {
  return [
    [min - 1, 'RangeError', String(min - 1)],
    [max + 1, 'RangeError', String(max + 1)],
    [1.5, 'RangeError', '1.5'],
    [Number.NaN, 'RangeError', 'NaN'],
    [Infinity, 'RangeError', 'Infinity'],
    [2 ** 53, 'RangeError', String(2 ** 53)],
    ['3', 'TypeError', '"3"'],
    [3n, 'TypeError', '3n'],
    [true, 'TypeError', 'true'],
    [{}, 'TypeError', 'Object'],
  ]
}

export const wrongOptions: readonly Wrong[] = [
  [5, 'TypeError', '5'],
  ['options', 'TypeError', '"options"'],
  [null, 'TypeError', 'null'],
  [true, 'TypeError', 'true'],
]

const wrongTimeouts: readonly Wrong[] = [
  [Number.NaN, 'RangeError', 'NaN'],
  ['5', 'TypeError', '"5"'],
  [null, 'TypeError', 'null'],
  [5n, 'TypeError', '5n'],
  [{}, 'TypeError', 'Object'],
]

const wrongSignals: readonly Wrong[] = [
  [5, 'TypeError', '5'],
  [null, 'TypeError', 'null'],
  ['abort', 'TypeError', '"abort"'],
  [{ aborted: false }, 'TypeError', 'Object'],
  [new AbortController(), 'TypeError', 'AbortController'],
]

const wrongFlags: readonly Wrong[] = [
  [1, 'TypeError', '1'],
  ['yes', 'TypeError', '"yes"'],
  [null, 'TypeError', 'null'],
]

/** Expects that the call throws, or that its promise rejects, as the row says. */
export async function expectRefusal(
  call: (value: Anything) => unknown,
  [value, name, shown, code = CODES[name]]: Wrong,
): Promise<void> {
  let error: unknown
  try {
    await call(value)
  } catch (thrown) {
    error = thrown
  }
  expect(error, `for ${shown}`).toBeInstanceOf(name === 'TypeError' ? TypeError : RangeError)
  expect(error).toMatchObject({ name, code })
  expect((error as Error).message).toContain(shown)
}

async function all(call: (value: Anything) => unknown, table: readonly Wrong[]): Promise<void> {
  for (const row of table) await expectRefusal(call, row)
}

/** The laws of the static methods of a class. */
export function badInputLaws<X extends PrimitiveLike>(
  kind: string,
  Class: ClassLike<X> & { unlink(name: string, options?: Anything): boolean },
  { options, placed = true }: { readonly options?: object; readonly placed?: boolean } = {},
): void {
  const title = Class.name
  const words = Class.words(options)
  const at = (memory: Anything, index: Anything): X => Class.at(memory as never, index, options)
  const from = (handle: Anything): X => Class.from(handle as never)

  describe(`${title} refuses`, () => {
    test('names that are none', async () => {
      await all((name) => Class.open(name, options), wrongNames)
      await all((name) => Class.unlink(name), wrongNames)
      await all((name) => Class.unlink(name, { force: true }), wrongNames)
    })

    test('options that are none', async () => {
      await all((wrong) => Class.open('options', wrong), wrongOptions)
      await all((wrong) => Class.unlink('options', wrong), wrongOptions)
      await all((create) => Class.open('options', { ...options, create }), wrongFlags)
      await all((force) => Class.unlink('options', { force }), wrongFlags)
      expect(Class.unlink('options')).toBe(false) // nothing was made
    })

    test.runIf(placed)('memory that is none', async () => {
      await all(
        (memory) => at(memory, 0),
        [
          [undefined, 'TypeError', 'undefined'],
          [null, 'TypeError', 'null'],
          [5, 'TypeError', '5'],
          [{}, 'TypeError', 'Object'],
          [new ArrayBuffer(4 * words), 'TypeError', 'ArrayBuffer'],
          [new Int32Array(new SharedArrayBuffer(4 * words)), 'TypeError', 'Int32Array'],
          [{ place: {} }, 'TypeError', 'Object'],
        ],
      )
    })

    test.runIf(placed)('an index outside the memory', async () => {
      const buffer = new SharedArrayBuffer(4 * (words + 2) + 3)
      await all(
        (index) => at(buffer, index),
        [
          ...wrongIntegers(0, 2 ** 31),
          [undefined, 'TypeError', 'undefined'],
          [3, 'RangeError', '3'],
          [0x3fffffff, 'RangeError', String(0x3fffffff)],
        ],
      )
      at(buffer, 2)
      await expectRefusal(
        (index) => at(new SharedArrayBuffer(4 * words - 1), index),
        [0, 'RangeError', '0'],
      )
    })

    test.runIf(placed)('handles that are none', async () => {
      const process = { kind, name: 'handle', id: '0123456789abcdef', directory: '/tmp' }
      const buffer = new SharedArrayBuffer(4 * (words + 1))
      const good = at(buffer, 0).handle as Record<string, unknown>
      const inner = {
        kind,
        index: 0,
        options: good['options'],
        memory: { ...process, kind: 'memory' },
      }
      await all(from, [
        [undefined, 'TypeError', 'undefined'],
        [null, 'TypeError', 'null'],
        ['handle', 'TypeError', '"handle"'],
        [[], 'TypeError', 'undefined'],
        [{}, 'TypeError', 'undefined'],
        [{ ...good, kind: 'nonsense' }, 'TypeError', '"nonsense"'],
        [{ ...process, kind: 'nonsense' }, 'TypeError', '"nonsense"'],
        [JSON.parse(JSON.stringify(good)), 'TypeError', 'JSON'],
        [{ ...good, buffer: null }, 'TypeError', 'null'],
        [{ ...good, buffer: new ArrayBuffer(64) }, 'TypeError', 'ArrayBuffer'],
        [{ ...good, index: undefined }, 'TypeError', 'undefined'],
        [{ ...good, index: '0' }, 'TypeError', '"0"'],
        [{ ...good, index: -1 }, 'RangeError', '-1'],
        [{ ...good, index: 2 }, 'RangeError', '2'],
        [{ ...good, index: 2 ** 40 }, 'RangeError', String(2 ** 40)],
        [{ ...good, options: undefined }, 'TypeError', 'options'],
        [{ ...good, options: [1] }, 'TypeError', 'options'],
        [{ ...good, options: [1, 0, 0, 'x'] }, 'TypeError', 'options'],
        [{ ...process, name: '../x' }, 'RangeError', '"../x"', INVALID_NAME],
        [{ ...process, name: '~../../x' }, 'RangeError', '~../../x', INVALID_NAME],
        [{ ...process, name: '~a\0b' }, 'RangeError', '~a', INVALID_NAME],
        [{ ...process, name: undefined }, 'TypeError', 'undefined'],
        [{ ...process, id: '123' }, 'TypeError', '"123"'],
        [{ ...process, id: 123 }, 'TypeError', '123'],
        [{ ...process, id: '0123456789ABCDEF' }, 'TypeError', '0123456789ABCDEF'],
        [{ ...process, directory: 5 }, 'TypeError', '5'],
        [{ ...inner, memory: 5 }, 'TypeError', '5'],
        [{ ...inner, memory: { ...inner.memory, kind } }, 'TypeError', `"${kind}"`],
        [{ ...inner, memory: { ...inner.memory, id: 'x' } }, 'TypeError', '"x"'],
        [{ ...inner, memory: { ...good, kind: 'memory' } }, 'TypeError', 'Object'],
        [{ ...inner, index: 'x' }, 'TypeError', '"x"'],
      ])
    })

    test('a handle of what is not there', () => {
      const made = Class.create(options)
      const { handle } = made
      const absent = { ...handle, name: 'absent' }
      expect(() => from(absent)).toThrow(expect.objectContaining({ code: 'ERR_IPC_UNLINKED' }))
      made.close()
      expect(() => from(handle)).toThrow(expect.objectContaining({ code: 'ERR_IPC_UNLINKED' }))
      const named = Class.open('by-handle', options)
      const other = { ...named.handle, id: '0123456789abcdef' }
      expect(() => from(other)).toThrow(expect.objectContaining({ code: 'ERR_IPC_UNLINKED' }))
      named.close()
    })
  })
}

/** Tests every form that waits with a time-out or a signal: with bad input none may acquire anything. */
export async function expectWaitsRefused(forms: {
  readonly withTimeout: ((options: Anything) => unknown)[]
  readonly withSignal: ((options: Anything) => unknown)[]
}): Promise<void> {
  for (const call of [...forms.withTimeout, ...forms.withSignal]) await all(call, wrongOptions)
  for (const call of forms.withTimeout) await all((timeoutMs) => call({ timeoutMs }), wrongTimeouts)
  for (const call of forms.withSignal) await all((signal) => call({ signal }), wrongSignals)
}

export const wrongFunctions: readonly Wrong[] = [
  [undefined, 'TypeError', 'undefined'],
  [5, 'TypeError', '5'],
  [{}, 'TypeError', 'Object'],
]
