/** A call that is cut short, by a getter that throws or by the end of its thread, does nothing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { load, type Native, type OpenRequest } from './index.ts'

const THERE = {
  file: 'some.thing',
  kind: 'some',
  create: true,
  anonymous: false,
  hasOptions: true,
  words: 4,
  options: [1, 2, 3, 4],
  id: null,
} satisfies OpenRequest

const PROPERTIES = Object.keys(THERE) as (keyof OpenRequest)[]

let directory: string
let native: Native
let domain: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ipc-cut-short-'))
  const loaded = load()
  if ('reason' in loaded) throw new Error(loaded.reason)
  native = loaded
  domain = native.openDomain(directory, 0, 2, true).index
  const { external, buffer } = native.open(domain, THERE)
  new Int32Array(buffer, native.layout.data * 4, 4).fill(4711)
  native.close(external)
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** Everything that a call could have changed: which files there are, and what is in this one. */
function snapshot(): unknown {
  const path = join(directory, 'some.thing')
  const data = readFileSync(path).subarray(native.layout.data * 4)
  return {
    files: readdirSync(directory).toSorted(),
    inode: statSync(path).ino,
    data: [...new Int32Array(data.buffer, data.byteOffset, 4)],
  }
}

const elsewhere = { ...THERE, file: 'some.other' }

describe.each(PROPERTIES)('open(), when reading `%s` of its request fails', (property) => {
  test('by throwing: it throws that, and does nothing', () => {
    const before = snapshot()
    const failure = new Error('a getter that throws')
    for (const request of [THERE, elsewhere]) {
      const asked = Object.defineProperty({ ...request }, property, {
        get: () => {
          throw failure
        },
      })
      expect(() => native.open(domain, asked)).toThrow(failure)
    }
    expect(snapshot()).toEqual(before)
  })

  test('by the end of the thread: it does nothing', async () => {
    const before = snapshot()
    for (const request of [THERE, elsewhere]) {
      const worker = new Worker(new URL('fixtures/cut-short.mjs', import.meta.url), {
        workerData: { directory, request, property },
      })
      await new Promise((ended) => worker.once('exit', ended))
    }
    expect(snapshot()).toEqual(before)
  })
})

test('open(), when an element of an array of its request fails: it throws that, and does nothing', () => {
  const before = snapshot()
  for (const property of ['options', 'id'] as const) {
    const length = property === 'id' ? 2 : 4
    for (let bad = 0; bad < length; bad++) {
      const array = Object.defineProperty(
        Array.from({ length }, () => 0),
        bad,
        {
          get: () => {
            throw new Error('an element that throws')
          },
        },
      )
      const asked = { ...THERE, [property]: array }
      expect(() => native.open(domain, asked)).toThrow('an element that throws')
    }
  }
  expect(snapshot()).toEqual(before)
})

test('what is not what a call expects is refused, never taken for a zero', () => {
  const before = snapshot()
  const wrong: [keyof OpenRequest, unknown][] = [
    ['file', 7],
    ['file', 'some.thing\0'],
    ['kind', null],
    ['create', 1],
    ['anonymous', undefined],
    ['hasOptions', 'no'],
    ['words', '4'],
    ['options', [1, 2, 3]],
    ['options', [1, 2, 3, '4']],
    ['options', null],
    ['id', undefined],
    ['id', [1]],
    ['id', [1, 2, 3]],
  ]
  for (const [property, value] of wrong) {
    expect(() => native.open(domain, { ...THERE, [property]: value })).toThrow('native call: ')
  }
  expect(() => native.unlink(domain, 'some.thing', 1 as never)).toThrow('not a boolean')
  expect(() => native.unlink(domain, 'some.thing', undefined as never)).toThrow('not a boolean')
  expect(() => native.openDomain(undefined as never, 0, 2, true)).toThrow('not a string')
  expect(() => native.openDomain(directory, 0, 3 as never, true)).toThrow('no such mode')
  expect(() => native.prune('0' as never, false)).toThrow('not a number')
  expect(snapshot()).toEqual(before)
})
