import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess, startWorker, stopAll, until } from '@ipc/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { ProcessRef } from './process-ref.ts'
import { kill, killpg, raise, sigqueue } from './send.ts'
import { signal } from '../receive/disposition.ts'
import { SIG_NODE } from '../receive/state.ts'
import type { SignalInfo } from '../names/info.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }
const code = (value: string): unknown => expect.objectContaining({ code: value })

afterAll(stopAll)
afterEach(() => void signal('SIGUSR1', SIG_NODE))

describe('between two processes', () => {
  test('a handler is told who sent what, how, and with which value', async () => {
    const other = await startProcess<Modules>({ modules })
    await other.run(({ signals, state }) => {
      state.heard = []
      signals.signal('SIGUSR1', (name: string, info: object) => state.heard.push([name, info]))
    })
    kill(other.pid, 'SIGUSR1')
    await until(() => other.run(({ state }) => state.heard.length === 1), 'signals to arrive')
    sigqueue(other.pid, 'USR1', 42)
    await until(() => other.run(({ state }) => state.heard.length === 2), 'signals to arrive')
    const sender = { pid: process.pid, uid: process.getuid!() }
    const common = { signal: 'SIGUSR1', number: 10, overrun: 0, ...sender }
    expect(await other.run(({ state }) => state.heard)).toEqual([
      ['SIGUSR1', { ...common, code: 0, value: 0 }],
      ['SIGUSR1', { ...common, code: -1, value: 42 }],
    ])
    await other.terminate()
  })

  test('1,000 real-time signals all arrive, in order', async () => {
    const other = await startProcess<Modules>({ modules })
    await other.run(({ signals, state }) => {
      state.values = []
      signals.signal('SIGRTMIN', (_: string, info: SignalInfo) => state.values.push(info.value))
    })
    for (let i = 0; i < 1000; i++) sigqueue(other.pid, 'SIGRTMIN', i)
    await until(() => other.run(({ state }) => state.values.length === 1000), 'signals to arrive')
    expect(await other.run(({ state }) => state.values)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    )
    await other.terminate()
  })

  test('the values of sigqueue are 32-bit integers', async () => {
    const values: number[] = []
    signal('SIGUSR1', (_, { value }) => void values.push(value))
    for (const value of [0, -1, 0x7fffffff, -0x80000000]) {
      sigqueue(process.pid, 'SIGUSR1', value)
      raise('SIGURG') // runs what is there
    }
    expect(values).toEqual([0, -1, 0x7fffffff, -0x80000000])
    for (const value of [0x80000000, 1.5, NaN]) {
      expect(() => sigqueue(process.pid, 'SIGUSR1', value)).toThrow(code('ERR_OUT_OF_RANGE'))
    }
    expect(() => sigqueue(process.pid, 'SIGUSR1', '1' as never)).toThrow(TypeError)
    signal('SIGUSR1', SIG_NODE)
  })
})

describe('errors', () => {
  test('a process that does not exist: ESRCH', () => {
    for (const send of [
      () => kill(0x3fffffff, 'SIGTERM'),
      () => sigqueue(0x3fffffff, 'SIGTERM', 1),
      () => killpg(0x3fffffff, 'SIGTERM'),
      () => ProcessRef.open(0x3fffffff),
    ]) {
      expect(send).toThrow(code('ESRCH'))
    }
    expect(() => kill(0x3fffffff, 0)).toThrow(
      expect.objectContaining({ errno: -3, syscall: 'kill' }),
    )
  })

  test.runIf(process.getuid!() === 0)("root's process from a user: EPERM", async () => {
    const other = await startProcess<Modules>({ modules })
    const failures = await other.run(({ signals }, pid) => {
      process.setuid!(65534)
      return [
        () => signals.kill(pid, 'SIGTERM'),
        () => signals.sigqueue(pid, 'SIGTERM', 1),
        () => signals.ProcessRef.open(pid).kill('SIGTERM'),
      ].map((send) => {
        try {
          send()
          return 'sent'
        } catch (error) {
          return (error as NodeJS.ErrnoException).code
        }
      })
    }, process.pid)
    expect(failures).toEqual(['EPERM', 'EPERM', 'EPERM'])
    await other.terminate()
  })

  test('what is no pid', () => {
    for (const pid of [NaN, Infinity, 1.5, 2 ** 31]) {
      expect(() => kill(pid, 0)).toThrow(code('ERR_OUT_OF_RANGE'))
    }
    for (const pid of [0, -5]) {
      expect(() => sigqueue(pid, 'SIGTERM', 0)).toThrow(RangeError)
      expect(() => ProcessRef.open(pid)).toThrow(RangeError)
    }
    for (const group of [1, -5, NaN]) expect(() => killpg(group, 0)).toThrow(RangeError)
    for (const pid of [null, undefined, '1', 1n]) {
      expect(() => kill(pid as never, 0)).toThrow(code('ERR_INVALID_ARG_TYPE'))
    }
  })
})

test('kill() with 0 asks only whether the process exists', () => {
  expect(() => kill(process.pid, 0)).not.toThrow()
  expect(() => kill(process.ppid, 0)).not.toThrow()
})

test('killpg() reaches a whole group', async () => {
  const shell = spawn('sh', ['-c', 'sleep 100 & echo $!; wait'], { detached: true })
  const [child] = (await once(shell.stdout, 'data')) as [Buffer]
  killpg(shell.pid!, 'SIGTERM')
  const [, signalName] = (await once(shell, 'exit')) as [number, string]
  expect(signalName).toBe('SIGTERM')
  await until(() => !isRunning(Number(child.toString())), 'a process to end')
})

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

describe('ProcessRef', () => {
  test('reaches its process, and nobody after it has ended', async () => {
    const child = spawn('sleep', ['100'])
    const ref = ProcessRef.open(child.pid!)
    expect(ref.exited).toBe(false)
    ref.kill(0)
    ref.kill('SIGTERM')
    await once(child, 'exit')
    expect(ref.exited).toBe(true)
    expect(() => ref.kill('SIGTERM')).toThrow(code('ESRCH'))
    ref.close()
    ref.close()
    expect(() => ref.kill('SIGTERM')).toThrow(code('ERR_IPC_CLOSED'))
    expect(() => ref.exited).toThrow(code('ERR_IPC_CLOSED'))
  })

  test('knows that a zombie has ended, which kill() does not', async () => {
    // The shell does not wait for its child, which so stays a zombie.
    const shell = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 100'])
    const [child] = (await once(shell.stdout, 'data')) as [Buffer]
    const ref = ProcessRef.open(Number(child.toString()))
    await until(() => ref.exited, 'a process to end')
    kill(ref.pid, 0)
    expect(() => ref.kill(0)).toThrow(code('ESRCH'))
    shell.kill('SIGKILL')
    await once(shell, 'exit')
  })
})

const hasCompiler = spawnSync('cc', ['--version']).status === 0

test.skipIf(!hasCompiler)('a kernel without pidfd_open: an IpcError', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ipc-pidfd-'))
  const preload = join(directory, 'no-pidfd.so')
  const source = fileURLToPath(new URL('../fixtures/no-pidfd.c', import.meta.url))
  expect(spawnSync('cc', ['-shared', '-fPIC', '-o', preload, source, '-ldl']).status).toBe(0)
  const program = `
    import { ProcessRef } from ${JSON.stringify(modules.signals)}
    try { ProcessRef.open(process.pid) } catch (error) { console.log(error.name, error.code) }`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, LD_PRELOAD: preload },
    encoding: 'utf8',
  })
  rmSync(directory, { recursive: true })
  expect(stdout).toBe('IpcError ERR_IPC_UNSUPPORTED\n')
})

test('raise() returns after its handler, however much came before', () => {
  let calls = 0
  signal('SIGRTMIN', () => calls++)
  for (let value = 0; value < 10_000; value++) sigqueue(process.pid, 'SIGRTMIN', value)
  raise('SIGRTMIN')
  expect(calls).toBe(10_001)
  signal('SIGRTMIN', SIG_NODE)
})

test('raise() returns after the handlers, and throws what they throw', () => {
  const calls: string[] = []
  signal('SIGUSR1', (name) => void calls.push(name))
  raise('SIGUSR1')
  expect(calls).toEqual(['SIGUSR1'])
  signal('SIGUSR1', () => {
    throw new Error('no')
  })
  expect(() => raise('SIGUSR1')).toThrow('no')
})

test('a worker can send, and its signals are handled by the main thread', async () => {
  const worker = await startWorker<Modules>({ modules })
  const infos: SignalInfo[] = []
  signal('SIGUSR1', (_, info) => void infos.push(info))
  await worker.run(({ signals }, pid) => {
    signals.kill(pid, 'SIGUSR1')
    signals.sigqueue(pid, 'SIGUSR1', 7)
  }, process.pid)
  await until(() => infos.length >= 1, 'signals to arrive')
  expect(infos[0]!.pid).toBe(process.pid)
  await worker.terminate()
})
