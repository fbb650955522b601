import { existsSync, statSync } from 'node:fs'
import type * as nodePath from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  startProcess,
  startWorker,
  stopAll,
  temporaryDirectory,
  TornCounter,
  until,
  within,
} from './index.ts'
import type * as testingModule from './index.ts'

afterEach(stopAll)

interface Modules {
  path: typeof nodePath
  testing: typeof testingModule
}
const modules = { path: 'node:path', testing: import.meta.resolve('@ipc/testing') }

describe.each([
  ['process', () => startProcess<Modules>({ modules })],
  ['worker', () => startWorker<Modules>({ modules })],
] as const)('a contender that is a %s', (kind, start) => {
  test('runs tasks elsewhere and gives back what they return', async () => {
    const other = await start()
    expect(other.kind).toBe(kind)
    const { pid, joined } = await other.run(
      ({ path }, parts) => ({ pid: process.pid, joined: path.join(...parts) }),
      ['a', 'b'],
    )
    expect(pid).toBe(other.pid)
    expect(pid === process.pid).toBe(kind === 'worker')
    expect(joined).toBe('a/b')
    expect(await other.run(() => undefined)).toBe(undefined)
  })

  test('keeps state between tasks and waits for promises', async () => {
    const other = await start()
    await other.run(({ state }) => void (state['n'] = 41))
    expect(await other.run(async ({ state }) => await Promise.resolve(state['n'] + 1))).toBe(42)
  })

  test('throws what the task threw', async () => {
    const other = await start()
    const failing = other.run(() => {
      throw Object.assign(new RangeError('too far'), { code: 'ERR_FAR' })
    })
    await expect(failing).rejects.toThrow(RangeError)
    await expect(failing).rejects.toMatchObject({
      name: 'RangeError',
      message: 'too far',
      code: 'ERR_FAR',
    })
    // oxlint-disable-next-line no-throw-literal -- an abort reason may be anything
    const literal = other.run(() => Promise.reject('why')) // oxlint-disable-line prefer-promise-reject-errors
    await expect(literal).rejects.toBe('why')
  })

  test('explains why a task cannot use what lies around it', async () => {
    const other = await start()
    const outside = 1
    await expect(other.run(() => outside)).rejects.toThrow(/only its parameters/)
  })

  test('may be blocked by a task, and ended', async () => {
    const other = await start()
    const blocked = other.start(() =>
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Infinity),
    )
    expect(other.pending).toBe(1)
    await other.terminate()
    await expect(blocked).rejects.toMatchObject({ code: 'ERR_CONTENDER_EXITED' })
    expect(other.alive).toBe(false)
    await expect(other.run(() => 1)).rejects.toMatchObject({ code: 'ERR_CONTENDER_EXITED' })
  })

  test('ends by itself once it was let go', async () => {
    const other = await start()
    const late = other.start(() => new Promise((resolve) => setTimeout(resolve, 50, 'late')))
    other.letGo()
    expect(await within(late, 'the last task')).toBe('late')
    expect(await within(other.exited, 'its end')).toEqual({ code: 0, signal: null })
  })

  test('shares a directory with the test', async () => {
    const directory = temporaryDirectory()
    try {
      expect(statSync(directory.path).mode & 0o777).toBe(0o700)
      const other = await start()
      expect(await other.run(() => process.env['IPC_DIR'])).toBe(directory.path)
    } finally {
      directory.remove()
    }
    expect(existsSync(directory.path)).toBe(false)
    expect(process.env['IPC_DIR']).not.toBe(directory.path)
  })
})

test('startProcess() gives a contender that can be killed', async () => {
  const other = await startProcess()
  other.kill('SIGTERM')
  expect(await within(other.exited, 'its end')).toEqual({ code: null, signal: 'SIGTERM' })
})

test('startProcess() fails when a module is not there', async () => {
  await expect(startWorker({ modules: { no: 'file:///no/where.js' } })).rejects.toThrow(/where\.js/)
})

test('TornCounter shows when two workers increment it without a lock', async () => {
  const buffer = new SharedArrayBuffer(TornCounter.BYTES)
  const others = await Promise.all([
    startWorker<Modules>({ modules }),
    startWorker<Modules>({ modules }),
  ])
  const outcomes = await Promise.allSettled(
    others.map((other) =>
      other.run(({ testing }, shared) => {
        const counter = new testing.TornCounter(shared)
        for (let i = 0; i < 100_000; i++) counter.increment()
      }, buffer),
    ),
  )
  const torn = outcomes.some(({ status }) => status === 'rejected')
  const [first, second] = new Int32Array(buffer) as unknown as [number, number]
  expect(torn || first !== second || first < 200_000).toBe(true)
})

test('TornCounter counts', () => {
  const counter = new TornCounter(new SharedArrayBuffer(16), 8)
  for (let i = 0; i < 1000; i++) counter.increment()
  expect(counter.value).toBe(1000)
})

test('until() and within() give up, and say on what', async () => {
  await until(() => true, 'it is so')
  await expect(until(() => false, 'pigs fly', { timeoutMs: 10 })).rejects.toThrow(/pigs fly/)
  const never = new Promise(() => {})
  await expect(within(never, 'the end', { timeoutMs: 10 })).rejects.toThrow(/the end/)
})
