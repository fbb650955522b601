import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startProcess, startWorker, stopAll, until } from '@ipc/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { getSignal, signal } from './disposition.ts'
import type { SignalInfo } from '../names/info.ts'
import { sigmask, sigpending } from './mask.ts'
import { kill, raise } from '../send/send.ts'
import { SIG_DFL, SIG_IGN, SIG_NODE } from './state.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }
const code = (value: string): unknown => expect.objectContaining({ code: value })

const NAMES = [
  ...(['SIGUSR2', 'SIGHUP', 'SIGPIPE'] as const),
  ...(['SIGWINCH', 'SIGURG', 'SIGCONT', 'SIGCHLD'] as const),
]

afterAll(stopAll)
afterEach(() => {
  for (const name of NAMES) {
    process.removeAllListeners(name)
    signal(name, SIG_NODE)
  }
})

/** The kernel's answer about a signal of this process, from the set that has the signal. */
function inKernel(number: number, pid: number | 'self' = 'self'): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const isIn = (set: string): boolean =>
    ((BigInt(`0x${new RegExp(`${set}:\\s*(\\w+)`).exec(status)![1]}`) >> BigInt(number - 1)) &
      1n) ===
    1n
  return isIn('SigIgn') ? 'ignored' : isIn('SigCgt') ? 'caught' : 'default'
}

describe('signal()', () => {
  test('returns what was there', () => {
    const first = (): void => {}
    const second = (): void => {}
    expect(signal('SIGUSR2', first)).toBe(SIG_DFL)
    expect(getSignal('SIGUSR2')).toBe(first)
    expect(signal('SIGUSR2', second)).toBe(first)
    expect(signal('SIGUSR2', SIG_IGN)).toBe(second)
    expect(signal('SIGUSR2')).toBe(SIG_IGN)
    expect(signal('SIGUSR2', SIG_NODE)).toBe(SIG_DFL)
    expect(getSignal('SIGUSR2')).toBe(SIG_DFL)
  })

  test('what Node has by itself reads as SIG_NODE, what it ignores as SIG_IGN', async () => {
    const other = await startProcess<Modules>({ modules })
    expect(
      await other.run(({ signals }) =>
        ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGPIPE', 'SIGXFSZ', 'SIGUSR2'].map(
          (name) => signals.getSignal(name).description,
        ),
      ),
    ).toEqual(
      ['SIG_NODE', 'SIG_NODE', 'SIG_NODE', 'SIG_IGN', 'SIG_IGN', 'SIG_DFL'].map(
        (name) => `@ipc/signals.${name}`,
      ),
    )
    await other.terminate()
  })

  test('with one argument resets to the default, but undefined and null are mistakes', () => {
    signal('SIGUSR2', SIG_IGN)
    signal('SIGUSR2')
    expect(getSignal('SIGUSR2')).toBe(SIG_DFL)
    for (const value of [undefined, null, 'SIG_DFL', 0]) {
      expect(() => signal('SIGUSR2', value as never)).toThrow(code('ERR_INVALID_ARG_TYPE'))
    }
  })

  test.each(['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 9, 11])(
    '%s cannot be handled',
    (of) => {
      for (const disposition of [() => {}, SIG_IGN, SIG_DFL] as const) {
        expect(() => signal(of, disposition)).toThrow(RangeError)
        expect(() => signal(of, disposition)).toThrow(code('ERR_OUT_OF_RANGE'))
      }
    },
  )

  test('a worker cannot install handlers', async () => {
    const worker = await startWorker<Modules>({ modules })
    await expect(
      worker.run(({ signals }) => signals.signal('SIGUSR2', () => {})),
    ).rejects.toMatchObject({
      code: 'ERR_IPC_UNSUPPORTED',
      message: 'set the disposition of SIGUSR2: only the main thread can, this is a worker',
    })
    await worker.terminate()
  })

  test('SIG_IGN is the kernel’s: seen from outside, and while the event loop is blocked', async () => {
    const other = await startProcess<Modules>({ modules })
    await other.run(({ signals }) => signals.signal('SIGTERM', signals.SIG_IGN))
    expect(inKernel(15, other.pid)).toBe('ignored')
    const busy = other.start(() => {
      for (const end = Date.now() + 300; Date.now() < end;);
    })
    await promisify(execFile)('kill', ['-TERM', String(other.pid)])
    await busy
    expect(other.alive).toBe(true)
    await other.run(({ signals }) => signals.signal('SIGTERM', signals.SIG_DFL))
    expect(inKernel(15, other.pid)).toBe('default')
    void other.start(() => {
      for (;;);
    })
    kill(other.pid, 'SIGTERM')
    expect(await other.exited).toEqual({ code: null, signal: 'SIGTERM' })
  })

  test('a handler stays installed through 10,000 deliveries', async () => {
    let calls = 0
    signal('SIGUSR2', () => calls++)
    for (let i = 0; i < 5000; i++) raise('SIGUSR2')
    expect(calls).toBe(5000)
    for (let i = 0; i < 5000; i++) kill(process.pid, 'SIGUSR2')
    expect(calls).toBe(5000) // asynchronous
    await until(() => calls === 10_000, 'signals to arrive')
    expect(inKernel(12)).toBe('caught')
  })

  test('a handler that throws is an uncaught exception, and the others’ turn comes', async () => {
    const other = await startProcess<Modules>({ modules })
    await other.run(({ signals, state }) => {
      state.log = []
      process.on('uncaughtException', (error) => state.log.push(error.message))
      signals.signal('SIGUSR2', (_: string, info: SignalInfo) => {
        state.log.push(info.value)
        if (info.value === 1) throw new Error('of 1')
      })
      for (const value of [0, 1, 2]) signals.sigqueue(process.pid, 'SIGUSR2', value)
    })
    await until(() => other.run(({ state }) => state.log.length === 4), 'signals to arrive')
    expect(await other.run(({ state }) => state.log)).toEqual([0, 1, 'of 1', 2])
    await other.terminate()
  })

  test('what comes after a handler has gone does what the disposition says then', async () => {
    const other = await startProcess<Modules>({ modules })
    void other.start(({ signals }) => {
      signals.signal('SIGHUP', () => signals.signal('SIGHUP'))
      signals.kill(process.pid, 'SIGHUP')
      signals.kill(process.pid, 'SIGHUP')
    })
    expect((await other.exited).signal).toBe('SIGHUP')
  })
})

describe('beside process.on', () => {
  test('both run, in any order of installing', async () => {
    for (const first of ['ours', 'theirs']) {
      const calls: string[] = []
      const install = {
        ours: () => void signal('SIGUSR2', () => void calls.push('ours')),
        theirs: () => void process.on('SIGUSR2', () => void calls.push('theirs')),
      }
      install[first as 'ours']()
      install[first === 'ours' ? 'theirs' : 'ours']()
      kill(process.pid, 'SIGUSR2')
      await until(() => calls.length === 2, 'signals to arrive')
      expect(calls.toSorted()).toEqual(['ours', 'theirs'])
      process.removeAllListeners('SIGUSR2')
      signal('SIGUSR2', SIG_NODE)
      expect(inKernel(12)).toBe('default')
    }
  })

  test('in any order at all: a random walk against a model', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    let state = seed
    const random = (n: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return (state >> 8) % n
    }
    const calls = { ours: 0, theirs: 0 }
    const handler = (): void => void calls.ours++
    let ours = 'node' as 'handler' | 'default' | 'ignored' | 'node'
    let listeners: (() => void)[] = []
    let isOverruled = false
    const steps: string[] = []
    const set = (to: typeof ours): void => {
      const values = { handler, default: SIG_DFL, ignored: SIG_IGN, node: SIG_NODE } as const
      signal('SIGUSR2', values[to])
      ours = to
      isOverruled = false
    }
    const add = (once: boolean): void => {
      if (listeners.length === 0 && (ours === 'default' || ours === 'ignored')) isOverruled = true
      const listener = (): void => {
        calls.theirs++
        if (!once) return
        listeners = listeners.filter((other) => other !== listener)
        if (listeners.length === 0) isOverruled = false
      }
      if (random(2)) process[once ? 'once' : 'on']('SIGUSR2', listener)
      else process[once ? 'prependOnceListener' : 'prependListener']('SIGUSR2', listener)
      listeners.push(listener)
    }
    const remove = (): void => {
      const [listener] = listeners.splice(random(listeners.length), 1)
      if (listener !== undefined) process.off('SIGUSR2', listener)
      if (listeners.length === 0) isOverruled = false
    }
    const removeAll = (): void => {
      process.removeAllListeners('SIGUSR2')
      listeners = []
      isOverruled = false
    }
    process.setMaxListeners(0)
    for (let i = 0; i < 300; i++) {
      const step = random(9)
      const name = ['handler', 'default', 'ignored', 'node', 'on', 'on', 'once', 'off', 'all'][
        step
      ]!
      steps.push(name)
      if (step < 4) set(name as typeof ours)
      else if (name === 'on' || name === 'once') add(name === 'once')
      else if (name === 'off') remove()
      else removeAll()

      const replay = `seed ${seed}: ${steps.slice(-12).join(', ')}`
      const isNodes = ours === 'node' || isOverruled
      const expected = {
        ours: ours === 'handler' ? 1 : 0,
        theirs: ours === 'handler' || isNodes ? listeners.length : 0,
      }
      const disposition = isNodes
        ? listeners.length > 0
          ? 'caught'
          : 'default'
        : { handler: 'caught', default: 'default', ignored: 'ignored', node: '' }[ours]
      expect([inKernel(12), replay]).toEqual([disposition, replay])
      if (disposition === 'default') continue
      calls.ours = calls.theirs = 0
      kill(process.pid, 'SIGUSR2')
      for (
        let turn = 0;
        turn < 20 && calls.ours + calls.theirs < expected.ours + expected.theirs;
      ) {
        await delay(1)
        turn++
      }
      if (i % 10 === 0) await delay(2)
      expect([calls, replay]).toEqual([expected, replay])
    }
  })

  test('giving back restores what Node had before its first listener, too', () => {
    expect(inKernel(13)).toBe('ignored')
    const listener = (): void => {}
    signal('SIGPIPE', () => {})
    process.on('SIGPIPE', listener)
    process.off('SIGPIPE', listener)
    signal('SIGPIPE', SIG_NODE)
    expect(inKernel(13)).toBe('ignored') // Node alone would leave the default: death by a broken pipe
  })

  // Their default is to be ignored, and libuv sets the default when its last listener goes.
  for (const name of ['SIGWINCH', 'SIGURG', 'SIGCONT', 'SIGCHLD'] as const) {
    test(`${name} that is pending outlives a listener that comes and goes`, async () => {
      let calls = 0
      signal(name, () => calls++)
      sigmask('block', [name])
      kill(process.pid, name)
      const listener = (): void => {}
      process.on(name, listener)
      process.off(name, listener)
      expect([...sigpending()]).toContain(name)
      sigmask('unblock', [name])
      await until(() => calls === 1, 'the handler')
      signal(name, SIG_IGN)
      process.on(name, () => calls++) // the later one counts
      kill(process.pid, name)
      await until(() => calls === 2, 'the listener')
    })
  }

  test('SIGCHLD goes to handlers, and child_process keeps working', async () => {
    const infos: SignalInfo[] = []
    const run = (status: number): Promise<number | null> =>
      new Promise((resolve) => spawn('sh', ['-c', `exit ${status}`]).on('exit', resolve))
    signal('SIGCHLD', (_, info) => void infos.push(info))
    for (const status of [3, 4]) expect(await run(status)).toBe(status)
    await until(() => infos.length === 2, 'signals to arrive')
    expect(infos.map(({ code: how, value }) => [how, value])).toEqual([
      [1, 3], // CLD_EXITED
      [1, 4],
    ])
    signal('SIGCHLD')
    expect(await run(5)).toBe(5)
    signal('SIGCHLD', () => void infos.push())
    const late = run(6)
    signal('SIGCHLD', SIG_NODE)
    expect(await late).toBe(6)
  })

  test('a listener that comes and goes under fire kills nobody', async () => {
    const other = await startProcess<Modules>({ modules })
    let calls = 0
    signal('SIGHUP', () => calls++)
    void other.start(async ({ signals }, pid) => {
      for (let i = 0; i < 2000; i++) {
        signals.sigqueue(pid, 'SIGHUP', i)
        if (i % 20 === 0) await new Promise(setImmediate)
      }
      return 2000
    }, process.pid)
    let toggles = 0
    while (other.pending > 0) {
      const listener = (): void => {}
      process.on('SIGHUP', listener)
      process.off('SIGHUP', listener)
      toggles++
      await new Promise(setImmediate)
    }
    expect(toggles).toBeGreaterThan(0)
    expect(calls).toBeGreaterThan(0)
    await other.terminate()
  })
})

test('children of child_process start with nothing ignored and nothing blocked', async () => {
  signal('SIGHUP', SIG_IGN)
  const { stdout } = await promisify(execFile)('grep', ['-E', 'Sig(Blk|Ign)', '/proc/self/status'])
  expect(stdout.replaceAll(/\s+/g, ' ')).toBe('SigBlk: 0000000000000000 SigIgn: 0000000000000000 ')
})
