/* oxlint-disable vitest/expect-expect -- expectRefusal() expects */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  overwriteOption,
  startProcess,
  startWorker,
  stopAll,
  temporaryDirectory,
  uniqueName,
  within,
} from '@ipc/testing'
import {
  badInputLaws,
  expectRefusal,
  wrongIntegers,
  wrongOptions,
  type Anything,
} from '@ipc/testing/laws'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type * as built from '../index.ts'
import { IpcError, list, processScope, prune, SharedMemory } from '../index.ts'

interface Modules {
  core: typeof built
}
const modules = { core: import.meta.resolve('@ipc/core') }

const directory = temporaryDirectory()
afterEach(stopAll)
afterAll(() => directory.remove())

test('processScope is supported where these tests run', () => {
  expect(processScope).toEqual({ supported: true, reason: null })
})

describe.each([
  ['new', (byteLength: number): SharedMemory => new SharedMemory({ byteLength })],
  ['create()', (byteLength: number): SharedMemory => SharedMemory.create({ byteLength })],
  ['open()', (byteLength: number): SharedMemory => SharedMemory.open(uniqueName(), { byteLength })],
] as const)('SharedMemory: %s', (how, make) => {
  const scope = how === 'new' ? 'thread' : 'process'

  test.each([1, 3, 4, 7, 64, 4096, 5_000_001])('gives %d bytes, all zero', (byteLength) => {
    const memory = make(byteLength)
    const { buffer } = memory
    expect(memory.byteLength).toBe(byteLength)
    expect(buffer.byteLength).toBeGreaterThanOrEqual(byteLength)
    const bytes = new Uint8Array(buffer)
    expect(bytes.every((byte) => byte === 0)).toBe(true)
    bytes[byteLength - 1] = 255
    expect(memory.buffer).toBe(buffer)
    expect(memory.scope).toBe(scope)
    memory.close()
  })

  test('gives exactly as many bytes as were asked for', () => {
    for (const byteLength of [1, 2, 5, 12]) {
      const memory = make(byteLength)
      expect(memory.buffer.byteLength).toBe(byteLength)
      memory.close()
    }
  })

  test('shows what others wrote', async () => {
    const memory = make(16)
    const words = new Int32Array(memory.buffer)
    words[0] = 42
    const other = await (scope === 'thread' ? startWorker : startProcess)<Modules>({ modules })
    const seen = await other.run(({ core, state }, handle) => {
      const theirs = core.SharedMemory.from(handle)
      const there = new Int32Array(theirs.buffer)
      state['keep'] = theirs
      there[3] = (there[0] ?? 0) + 1
      return [there[0], theirs.byteLength, theirs.buffer.byteLength]
    }, memory.handle)
    expect(seen).toEqual([42, 16, 16])
    expect(words[3]).toBe(43)
    memory.close()
  })

  test('leaves its buffer readable after close()', () => {
    const memory = make(8)
    const bytes = new Uint8Array(memory.buffer)
    bytes[7] = 7
    memory.close()
    memory.close()
    expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 7])
    bytes[0] = 1
    expect(bytes[0]).toBe(1)
    expect(() => memory.buffer).toThrow(expect.objectContaining({ code: 'ERR_IPC_CLOSED' }))
    expect(inspect(memory)).toBe('SharedMemory (closed)')
  })

  test('inspect() tells its size', () => {
    const memory = make(8)
    const { name } = memory
    expect(memory.inspect()).toEqual({ kind: 'memory', name, scope, byteLength: 8 })
    expect(inspect(memory)).toMatch(/^SharedMemory \{[^]*byteLength: 8/)
    memory.close()
  })

  test('refuses lengths that are none', async () => {
    for (const row of wrongIntegers(1, 0x7fffffff)) {
      await expectRefusal((byteLength: Anything) => make(byteLength), row)
    }
  })
})

badInputLaws(
  'memory',
  Object.assign(SharedMemory as Anything, {
    // A memory lies in no other, so the laws about places get one of its own.
    words: () => 1,
    at: () => new SharedMemory({ byteLength: 4 }),
  }),
  { options: { byteLength: 4 }, placed: false },
)

test('SharedMemory refuses options that are none', async () => {
  for (const row of wrongOptions) {
    await expectRefusal((options) => new SharedMemory(options), row)
    await expectRefusal((options) => SharedMemory.create(options), row)
  }
})

test('what the addon refuses is an IpcError, with the path', () => {
  const name = uniqueName()
  const memory = SharedMemory.open(name, { byteLength: 10 })
  const thrown = (call: () => unknown): unknown => {
    try {
      return call()
    } catch (error) {
      return error
    }
  }
  const mismatch = thrown(() => SharedMemory.open(name, { byteLength: 5000 }))
  expect(mismatch).toBeInstanceOf(IpcError)
  expect(mismatch).toMatchObject({
    name: 'IpcError',
    code: 'ERR_IPC_OPTIONS_MISMATCH',
    path: expect.stringContaining(`memory.${name}`),
  })
  memory.close()
  const usual = process.env['IPC_DIR']
  process.env['IPC_DIR'] = '/'
  for (const call of [
    () => SharedMemory.open(name),
    () => SharedMemory.unlink(name),
    list,
    prune,
  ]) {
    const unsafe = thrown(call)
    expect(unsafe).toBeInstanceOf(IpcError)
    expect(unsafe).toMatchObject({ code: 'ERR_IPC_UNSAFE_DIRECTORY', path: '/' })
  }
  process.env['IPC_DIR'] = usual
  const absent = thrown(() => SharedMemory.open(uniqueName()))
  expect(absent).not.toBeInstanceOf(IpcError)
  expect(absent).toMatchObject({ code: 'ENOENT', syscall: 'open' })
})

test('SharedMemory.open() finds what is there, whatever its length', () => {
  const name = uniqueName()
  expect(() => SharedMemory.open(name)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  const made = SharedMemory.open(name, { byteLength: 10 })
  const found = SharedMemory.open(name)
  expect(found.byteLength).toBe(10)
  expect(() => SharedMemory.open(name, { byteLength: 12 })).toThrow(
    expect.objectContaining({ code: 'ERR_IPC_OPTIONS_MISMATCH' }),
  )
  made.close()
  found.close()
  const kept = SharedMemory.open(name) // a name stays until it is unlinked
  kept.close()
  const longer = SharedMemory.open(name, { byteLength: 12 })
  expect(longer.byteLength).toBe(12)
  longer.close()
})

test('SharedMemory keeps what was written while nobody has it open', () => {
  const name = uniqueName()
  const memory = SharedMemory.open(name, { byteLength: 4 })
  new Int32Array(memory.buffer)[0] = 77
  memory.close()
  const again = SharedMemory.open(name, { byteLength: 4 })
  expect(new Int32Array(again.buffer)[0]).toBe(77)
  again.close()
})

test('SharedMemory.words are the same bytes, as words', () => {
  const memory = SharedMemory.create({ byteLength: 8 })
  memory.words.store(1, 5)
  expect(new Int32Array(memory.buffer)[1]).toBe(5)
  expect(memory.words.compareExchange(1, 5, 6)).toBe(5)
  expect(memory.words.exchange(1, 7)).toBe(6)
  expect(memory.words.add(1, 2)).toBe(7)
  expect(memory.words.sub(1, 1)).toBe(9)
  expect(memory.words.and(1, 0b1100)).toBe(8)
  expect(memory.words.or(1, 0b0001)).toBe(8)
  expect(memory.words.load(1)).toBe(9)
  memory.close()
})

describe('list() and prune()', () => {
  let fresh: ReturnType<typeof temporaryDirectory>
  beforeAll(() => {
    fresh = temporaryDirectory()
  })
  afterAll(() => fresh.remove())

  test('list() tells all objects and who has them open; prune() removes those of nobody', async () => {
    expect(list()).toEqual([])
    expect(prune()).toEqual([])
    const mine = SharedMemory.open('mine', { byteLength: 4 })
    const nameless = SharedMemory.create({ byteLength: 4 })
    const other = await startProcess<Modules>({ modules })
    await other.run(({ core, state }) => {
      state['keep'] = [
        core.SharedMemory.open('mine', { byteLength: 4 }),
        core.SharedMemory.open('theirs', { byteLength: 4 }),
      ]
      core.SharedMemory.open('left', { byteLength: 4 }).close()
    })
    const me = { pid: process.pid, threadId: 0, alive: true }
    const them = { pid: other.pid, threadId: 0, alive: true }
    const listed = list().toSorted((a, b) => String(a.name).localeCompare(String(b.name)))
    expect(listed).toEqual([
      { kind: 'memory', name: 'left', users: [] },
      { kind: 'memory', name: 'mine', users: expect.arrayContaining([me, them]) },
      { kind: 'memory', name: null, users: [me] },
      { kind: 'memory', name: 'theirs', users: [them] },
    ])
    expect(prune()).toEqual(['memory.left'])
    expect(prune()).toEqual([])

    other.kill('SIGKILL')
    await within(other.exited, 'its end')
    expect(list().find(({ name }) => name === 'theirs')).toMatchObject({ users: [] })
    expect(prune()).toEqual(['memory.theirs'])
    mine.close()
    nameless.close()
    expect(list().map(({ name }) => name)).toEqual(['mine'])
    expect(prune()).toEqual(['memory.mine'])
    expect(readdirSync(fresh.path).filter((file) => !file.startsWith('.'))).toEqual([])
    expect(existsSync(fresh.path)).toBe(true)
  })
})

/** The options that are kept with an object are not believed: they could be a stray write's. */
test.each([1 << 20, 4000, 0, -5, 60])(
  'a length at rest that became %i is refused',
  (byteLength) => {
    SharedMemory.open('at-rest', { byteLength: 64 }).close()
    overwriteOption(join(directory.path, 'memory.at-rest'), 0, byteLength)
    const corrupt = expect.objectContaining({ code: 'ERR_IPC_CORRUPT' })
    expect(() => SharedMemory.open('at-rest')).toThrow(corrupt)
    expect(SharedMemory.unlink('at-rest', { force: true })).toBe(true)
  },
)

test('the same by its handle', () => {
  const memory = SharedMemory.open('in-use', { byteLength: 64 })
  memory.close()
  overwriteOption(join(directory.path, 'memory.in-use'), 0, 4000)
  const corrupt = expect.objectContaining({ code: 'ERR_IPC_CORRUPT' })
  expect(() => SharedMemory.from(memory.handle)).toThrow(corrupt)
})
