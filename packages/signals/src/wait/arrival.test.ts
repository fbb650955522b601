/** Time-outs, aborting and fake timers of what waits for a signal. */
import { getEventListeners } from 'node:events'
import { startProcess, stopAll } from '@ipc/testing'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { signal } from '../receive/disposition.ts'
import { sigmask } from '../receive/mask.ts'
import { raise, sigqueue } from '../send/send.ts'
import { SIG_NODE } from '../receive/state.ts'
import { signals } from './stream.ts'
import { setitimer } from '../send/timers.ts'
import { pause, pauseAsync, sigwait, sigwaitAsync } from './wait.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }

afterAll(stopAll)
afterEach(() => {
  vi.useRealTimers()
  for (const name of ['SIGUSR2', 'SIGALRM', 'SIGRTMIN']) signal(name, SIG_NODE)
  setitimer('real', { valueMs: 0 })
  sigmask('set', [])
})

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('a timer that ends a moment early is set again for that moment, not for the whole time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
  const waits = [sigwaitAsync(['SIGUSR2'], { timeoutMs: 8 }), pauseAsync({ timeoutMs: 8 })]
  block(5)
  vi.advanceTimersByTime(8)
  block(5)
  vi.advanceTimersByTime(5)
  expect(vi.getTimerCount()).toBe(0)
  expect(await Promise.all(waits)).toEqual([null, null])
})

test('a timer of a test, faster than the clock, ends an asynchronous wait', async () => {
  vi.useFakeTimers()
  const wait = sigwaitAsync(['SIGUSR2'], { timeoutMs: 60_000 })
  const aborted = new AbortController()
  const longer = pauseAsync({ timeoutMs: 2 ** 31 + 60_000, signal: aborted.signal })
  vi.advanceTimersByTime(60_000)
  expect(await wait).toBe(null)
  expect(vi.getTimerCount()).toBe(1)
  aborted.abort(new Error('enough'))
  await expect(longer).rejects.toThrow('enough')
})

test('a wait that blocks has the real clock: nobody could advance that of a test', () => {
  vi.useFakeTimers()
  signal('SIGALRM', () => {
    throw new Error('waits for ever')
  })
  setitimer('real', { valueMs: 20_000 })
  expect(sigwait(['SIGUSR2'], { timeoutMs: 20 })).toBe(null)
  expect(pause({ timeoutMs: 20 })).toBe(null)
})

test('what has come in time is given, though the time is over when the event loop sees it', async () => {
  sigmask('block', ['SIGRTMIN'])
  for (let value = 0; value < 50; value++) {
    sigqueue(process.pid, 'SIGRTMIN', value)
    const wait = sigwaitAsync(['SIGRTMIN'], { timeoutMs: 0 })
    block(3)
    expect(await wait).toMatchObject({ value })
  }
})

test('however many wait with an AbortSignal, it has one listener, and none when they are done', async () => {
  const controller = new AbortController()
  const options = { signal: controller.signal }
  const stream = signals(['SIGUSR2'], options)
  const waits = Array.from({ length: 20 }, () => sigwaitAsync(['SIGRTMIN'], options))
  waits.push(pauseAsync({ ...options, timeoutMs: 1 }))
  expect(getEventListeners(controller.signal, 'abort').length).toBe(1)
  for (let value = 0; value < 20; value++) sigqueue(process.pid, 'SIGRTMIN', value)
  const infos = await Promise.all(waits)
  expect(infos.map((info) => info?.value)).toEqual([...Array(20).keys(), undefined])
  await stream.return!()
  expect(getEventListeners(controller.signal, 'abort').length).toBe(0)
})

test('pauseAsync() in a handler waits for another one', async () => {
  let second: unknown
  signal('SIGUSR2', () => void (second = pauseAsync()))
  signal('SIGRTMIN', () => {})
  const first = pauseAsync()
  raise('SIGUSR2')
  raise('SIGRTMIN')
  expect(await first).toMatchObject({ signal: 'SIGUSR2' })
  expect(await second).toMatchObject({ signal: 'SIGRTMIN' })
})

test('pauseAsync() ends after a handler that threw, too', async () => {
  signal('SIGUSR2', () => {
    throw new Error('no')
  })
  const wait = pauseAsync()
  expect(() => raise('SIGUSR2')).toThrow('no')
  expect(await wait).toMatchObject({ signal: 'SIGUSR2' })
})

test('what is left after a handler that threw is delivered, whatever timers the test has', async () => {
  const other = await startProcess<Modules>({ modules })
  const seen = await other.run(
    ({ signals: m }) =>
      new Promise((resolve) => {
        process.once('uncaughtException', () => {})
        m.signal('SIGUSR1', () => {
          throw new Error('no')
        })
        m.signal('SIGUSR2', resolve)
        globalThis.setImmediate = (() => {}) as never
        m.kill(process.pid, 'SIGUSR1')
        m.kill(process.pid, 'SIGUSR2')
      }),
  )
  expect(seen).toBe('SIGUSR2')
  await other.terminate()
})
