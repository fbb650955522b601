import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { startProcess, stopAll } from '@ipc/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { getSignal, signal } from '../receive/disposition.ts'
import type { SignalInfo } from '../names/info.ts'
import { sigmask, sigpending } from '../receive/mask.ts'
import { kill, sigqueue } from '../send/send.ts'
import { SIG_DFL, SIG_NODE } from '../receive/state.ts'
import { signals } from './stream.ts'
import { setitimer } from '../send/timers.ts'
import { pause, pauseAsync, sigwait, sigwaitAsync } from './wait.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }
const code = (value: string): unknown => expect.objectContaining({ code: value })

afterAll(stopAll)
afterEach(() => {
  for (const name of ['SIGUSR2', 'SIGALRM', 'SIGRTMIN']) signal(name, SIG_NODE)
  setitimer('real', { valueMs: 0 })
  sigmask('set', [])
})

const values = (infos: (SignalInfo | null)[]): (number | undefined)[] =>
  infos.map((info) => info?.value)

describe('sigwait()', () => {
  test('takes what is pending, in order, and no handler is called', () => {
    let calls = 0
    signal('SIGRTMIN', () => calls++)
    sigmask('block', ['SIGRTMIN'])
    for (const value of [1, 2, 3]) sigqueue(process.pid, 'SIGRTMIN', value)
    expect(values([sigwait(['SIGRTMIN']), sigwait(['SIGRTMIN'], { timeoutMs: 0 })])).toEqual([1, 2])
    expect(sigpending()).toEqual(['SIGRTMIN'])
    expect(calls).toBe(0)
    sigmask('unblock', ['SIGRTMIN'])
    expect(calls).toBe(1)
    expect(sigwait(['SIGRTMIN'], { timeoutMs: 0 })).toBe(null)
  })

  test('waits, and the default action does not take place', () => {
    setitimer('real', { valueMs: 50 })
    const info = sigwait(['SIGALRM', 'SIGUSR2'])
    expect(info).toEqual({
      signal: 'SIGALRM',
      number: 14,
      code: 0x80,
      pid: 0,
      uid: 0,
      value: 0,
      overrun: 0,
    })
    expect(getSignal('SIGALRM')).toBe(SIG_DFL)
  })

  test('gives up in time', () => {
    const start = performance.now()
    expect(sigwait(['SIGUSR2'], { timeoutMs: 300 })).toBe(null)
    expect(performance.now() - start).toBeGreaterThanOrEqual(300)
  })

  test('runs the handlers of other signals, and ends when one throws', () => {
    signal('SIGALRM', () => {
      throw new Error('no')
    })
    setitimer('real', { valueMs: 20 })
    expect(() => sigwait(['SIGUSR2'], { timeoutMs: 60_000 })).toThrow('no')
    expect(getSignal('SIGUSR2')).toBe(SIG_DFL)
  })

  test('wrong arguments', () => {
    expect(() => sigwait(['SIGKILL'])).toThrow(code('ERR_OUT_OF_RANGE'))
    expect(() => sigwait('SIGINT' as never)).toThrow(code('ERR_INVALID_ARG_TYPE'))
    expect(() => sigwait(['SIGINT'], { timeoutMs: NaN })).toThrow(RangeError)
    expect(() => sigwait(['SIGINT'], null as never)).toThrow(TypeError)
  })
})

describe('sigwaitAsync()', () => {
  test('resolves with the next one, also of a blocked signal', async () => {
    const first = sigwaitAsync(['SIGUSR2'])
    kill(process.pid, 'SIGUSR2')
    expect((await first)!.signal).toBe('SIGUSR2')
    sigmask('block', ['SIGUSR2'])
    kill(process.pid, 'SIGUSR2')
    expect((await sigwaitAsync(['SIGUSR2']))!.pid).toBe(process.pid)
    const later = sigwaitAsync(['SIGUSR2'])
    await delay(5)
    kill(process.pid, 'SIGUSR2')
    expect((await later)!.signal).toBe('SIGUSR2')
    expect(sigpending()).toEqual([])
  })

  test('calls are served in order, one delivery each; the rest stays pending', async () => {
    sigmask('block', ['SIGRTMIN'])
    const waits = [sigwaitAsync(['SIGRTMIN']), sigwaitAsync(['SIGRTMIN', 'SIGUSR2'])]
    for (const value of [1, 2, 3]) sigqueue(process.pid, 'SIGRTMIN', value)
    expect(values(await Promise.all(waits))).toEqual([1, 2])
    await delay(5)
    expect(sigpending()).toEqual(['SIGRTMIN'])
    expect(values([sigwait(['SIGRTMIN'])])).toEqual([3])
    expect(sigpending()).toEqual([])
  })

  test('gives up, and can be aborted', async () => {
    expect(await sigwaitAsync(['SIGUSR2'], { timeoutMs: 20 })).toBe(null)
    const controller = new AbortController()
    const wait = sigwaitAsync(['SIGUSR2'], { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(wait).rejects.toThrow('enough')
    await expect(sigwaitAsync(['SIGUSR2'], { signal: controller.signal })).rejects.toThrow('enough')
    expect(getSignal('SIGUSR2')).toBe(SIG_DFL)
  })

  test('keeps the process alive', async () => {
    const other = await startProcess<Modules>({ modules })
    const wait = other.start(({ signals: module }) => module.sigwaitAsync(['SIGUSR2']))
    other.letGo()
    await delay(100)
    expect(other.alive).toBe(true)
    kill(other.pid, 'SIGUSR2')
    expect(await wait).toMatchObject({ pid: process.pid })
    expect(await other.exited).toEqual({ code: 0, signal: null })
  })
})

test('a SIGCHLD that sigwait() takes reaches child_process as well', async () => {
  sigmask('block', ['SIGCHLD'])
  const child = spawn('true')
  const exit = once(child, 'exit')
  expect(sigwait(['SIGCHLD'])).toMatchObject({ pid: child.pid })
  sigmask('unblock', ['SIGCHLD'])
  expect(await exit).toEqual([0, null])
})

describe('pause()', () => {
  test('returns after a handler has run', async () => {
    const calls: string[] = []
    signal('SIGALRM', (name) => void calls.push(name))
    setitimer('real', { valueMs: 30 })
    expect(pause()!.signal).toBe('SIGALRM')
    expect(calls).toEqual(['SIGALRM'])
    setitimer('real', { valueMs: 30 })
    expect((await pauseAsync())!.signal).toBe('SIGALRM')
    expect(pause({ timeoutMs: 10 })).toBe(null)
    expect(await pauseAsync({ timeoutMs: 10 })).toBe(null)
  })

  test('throws what the handler throws', () => {
    signal('SIGALRM', () => {
      throw new Error('no')
    })
    setitimer('real', { valueMs: 30 })
    expect(() => pause()).toThrow('no')
  })
})

describe('for await (… of signals(…))', () => {
  test('gives every delivery since the call', async () => {
    const seen: number[] = []
    const stream = signals(['SIGRTMIN', 'SIGUSR2'])
    for (const value of [1, 2, 3]) sigqueue(process.pid, 'SIGRTMIN', value)
    for await (const info of stream) {
      seen.push(info.value)
      if (info.value === 3) setTimeout(() => sigqueue(process.pid, 'SIGUSR2', 4), 5)
      if (info.value === 4) break
    }
    expect(seen).toEqual([1, 2, 3, 4])
    expect(getSignal('SIGUSR2')).toBe(SIG_DFL)
    expect(await stream.next()).toEqual({ value: undefined, done: true })
  })

  test('runs beside a handler, and beside another loop', async () => {
    let calls = 0
    signal('SIGUSR2', () => calls++)
    const streams = [signals(['SIGUSR2']), signals(['SIGUSR2'])]
    kill(process.pid, 'SIGUSR2')
    const infos = await Promise.all(streams.map((stream) => stream.next()))
    expect(infos.map((result) => result.value?.signal)).toEqual(['SIGUSR2', 'SIGUSR2'])
    expect(calls).toBe(1)
    for (const stream of streams) await stream.return!()
  })

  test('ends with the reason when it is aborted', async () => {
    const controller = new AbortController()
    const loop = (async () => {
      for await (const { signal: name } of signals(['SIGUSR2'], { signal: controller.signal })) {
        throw new Error(name)
      }
    })()
    controller.abort(new Error('enough'))
    await expect(loop).rejects.toThrow('enough')
    const aborted = signals(['SIGUSR2'], { signal: controller.signal })
    await expect(aborted.next()).rejects.toThrow('enough')
    expect(await aborted.next()).toEqual({ value: undefined, done: true })
    expect(getSignal('SIGUSR2')).toBe(SIG_DFL)
  })
})

test('pause() inside the handler of a pause() ends for its own signal', () => {
  const seen: (string | undefined)[] = []
  signal('SIGUSR2', () => seen.push(pause({ timeoutMs: 10_000 })?.signal))
  signal('SIGRTMIN', () => {})
  kill(process.pid, 'SIGUSR2')
  setitimer('real', { valueMs: 30 })
  signal('SIGALRM', () => {})
  seen.push(pause()?.signal)
  expect(seen).toEqual(['SIGALRM', 'SIGUSR2'])
})
