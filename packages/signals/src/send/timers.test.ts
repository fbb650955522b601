import { setTimeout as delay } from 'node:timers/promises'
import { startProcess, stopAll } from '@ipc/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { signal } from '../receive/disposition.ts'
import { raise } from './send.ts'
import { SIG_IGN, SIG_NODE } from '../receive/state.ts'
import { alarm, getitimer, setitimer } from './timers.ts'
import { pause } from '../wait/wait.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }
const code = (value: string): unknown => expect.objectContaining({ code: value })

afterAll(stopAll)
afterEach(() => {
  for (const timer of ['real', 'virtual', 'prof'] as const) setitimer(timer, { valueMs: 0 })
  raise('SIGURG') // runs what has come, which the next test's handlers would get otherwise
  for (const name of ['SIGALRM', 'SIGVTALRM']) signal(name, SIG_NODE)
})

describe('alarm()', () => {
  test('returns what was left, rounded up, and replaces it', async () => {
    signal('SIGALRM', SIG_IGN)
    expect(alarm(2)).toBe(0)
    await delay(5)
    expect(alarm(5)).toBe(2)
    expect(alarm(0)).toBe(5)
    expect(alarm(0)).toBe(0)
  })

  test('without a handler it ends the process, whatever its event loop does', async () => {
    const other = await startProcess<Modules>({ modules })
    const start = performance.now()
    void other.start(({ signals }) => {
      signals.alarm(2)
      signals.alarm(1)
      for (;;);
    })
    expect(await other.exited).toEqual({ code: null, signal: 'SIGALRM' })
    expect(performance.now() - start).toBeGreaterThanOrEqual(990)
  })

  test('the program goes on meanwhile; SIG_IGN survives it', async () => {
    const other = await startProcess<Modules>({ modules })
    const ticks = await other.run(async ({ signals }) => {
      signals.signal('SIGALRM', signals.SIG_IGN)
      signals.alarm(1)
      let count = 0
      for (const end = performance.now() + 1300; performance.now() < end; count++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return count
    })
    expect(ticks).toBeGreaterThan(10)
    await other.terminate()
  })

  test.each([-1, 1.5, NaN, Infinity, 2 ** 31])('%s seconds are out of range', (seconds) => {
    expect(() => alarm(seconds)).toThrow(code('ERR_OUT_OF_RANGE'))
  })

  test.each(['1', null, undefined, 1n])('%s has the wrong type', (seconds) => {
    expect(() => alarm(seconds as never)).toThrow(code('ERR_INVALID_ARG_TYPE'))
  })
})

describe('setitimer()', () => {
  test('returns the setting before, and getitimer() the one now', () => {
    signal('SIGALRM', SIG_IGN)
    expect(setitimer('real', { valueMs: 5000, intervalMs: 700 })).toEqual({
      valueMs: 0,
      intervalMs: 0,
    })
    const now = getitimer('real')
    expect(now.intervalMs).toBe(700)
    expect(now.valueMs).toBeGreaterThan(0)
    expect(now.valueMs).toBeLessThanOrEqual(5000)
    expect(setitimer('real', { valueMs: 0 }).intervalMs).toBe(700)
    expect(getitimer('real')).toEqual({ valueMs: 0, intervalMs: 0 })
  })

  test('fires again and again', () => {
    signal('SIGALRM', () => {})
    const start = performance.now()
    setitimer('real', { valueMs: 10, intervalMs: 5 })
    for (let i = 0; i < 5; i++) expect(pause()!.signal).toBe('SIGALRM')
    expect(performance.now() - start).toBeGreaterThanOrEqual(25)
  })

  test('rounds up to a microsecond, never down to none', () => {
    let calls = 0
    signal('SIGALRM', () => calls++)
    setitimer('real', { valueMs: 1e-9 })
    pause({ timeoutMs: 10_000 })
    expect(calls).toBe(1)
  })

  test('a setting that was returned can be set again as it was', () => {
    signal('SIGALRM', SIG_IGN)
    for (let us = 1_000; us < 30_000; us += 7) {
      setitimer('real', { valueMs: 60_000, intervalMs: us / 1000 })
      setitimer('real', getitimer('real'))
      expect(getitimer('real').intervalMs).toBe(us / 1000)
    }
  })

  test('virtual counts the CPU time of the process', () => {
    signal('SIGVTALRM', () => {})
    setitimer('virtual', { valueMs: 20 })
    const start = process.cpuUsage()
    while (pause({ timeoutMs: 0 }) === null) for (let i = 0; i < 1e6; i++);
    expect(process.cpuUsage(start).user).toBeGreaterThanOrEqual(15_000)
  })

  test('wrong arguments', () => {
    for (const valueMs of [-1, NaN, Infinity, 1e15]) {
      expect(() => setitimer('real', { valueMs })).toThrow(code('ERR_OUT_OF_RANGE'))
      expect(() => setitimer('real', { valueMs: 1, intervalMs: valueMs })).toThrow(RangeError)
    }
    expect(() => setitimer('cpu' as never, { valueMs: 1 })).toThrow(code('ERR_OUT_OF_RANGE'))
    expect(() => setitimer('toString' as never, { valueMs: 1 })).toThrow(RangeError)
    expect(() => setitimer(0 as never, { valueMs: 1 })).toThrow(code('ERR_INVALID_ARG_TYPE'))
    for (const setting of [undefined, null, 5, { valueMs: '5' }, {}]) {
      expect(() => setitimer('real', setting as never)).toThrow(code('ERR_INVALID_ARG_TYPE'))
    }
    expect(() => getitimer('cpu' as never)).toThrow(RangeError)
  })
})

test('a handler for SIGPROF warns', async () => {
  const other = await startProcess<Modules>({ modules })
  const warning = await other.run(
    ({ signals }) =>
      new Promise((resolve) => {
        process.removeAllListeners('warning')
        process.once('warning', (w) => resolve((w as { code?: string }).code))
        signals.signal('SIGPROF', () => {})
      }),
  )
  expect(warning).toBe('IPC_SIGPROF')
  await other.terminate()
})
