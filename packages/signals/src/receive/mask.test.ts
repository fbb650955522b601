import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { startProcess, startWorker, stopAll } from '@ipc/testing'
import { afterAll, afterEach, expect, test } from 'vitest'
import { signal } from './disposition.ts'
import { sigmask, sigpending } from './mask.ts'
import { kill, raise, sigqueue } from '../send/send.ts'
import { SIG_IGN, SIG_NODE } from './state.ts'
import { validSignals } from '../names/tables.ts'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }

afterAll(stopAll)
afterEach(() => {
  for (const name of ['SIGUSR2', 'SIGRTMIN']) signal(name, SIG_NODE)
  sigmask('set', [])
})

test('three kills from outside while it is blocked: pending, and delivered once when it is not', async () => {
  const calls: string[] = []
  signal('SIGUSR2', (name) => void calls.push(name))
  expect(sigmask('block', ['SIGUSR2'])).toEqual([])
  for (let i = 0; i < 3; i++) execFileSync('kill', ['-USR2', String(process.pid)])
  await delay(50)
  expect(calls).toEqual([])
  expect(sigpending()).toEqual(['SIGUSR2'])
  expect(sigmask('unblock', ['SIGUSR2'])).toEqual(['SIGUSR2'])
  expect(calls).toEqual(['SIGUSR2'])
  expect(sigpending()).toEqual([])
})

test('standard signals merge while they are blocked, real-time ones queue in order', () => {
  const values: [string, number][] = []
  for (const name of ['SIGUSR2', 'SIGRTMIN']) {
    signal(name, (of, { value }) => void values.push([of, value]))
  }
  sigmask('block', ['SIGUSR2', 'SIGRTMIN'])
  for (const value of [1, 2, 3]) {
    sigqueue(process.pid, 'SIGRTMIN', value)
    sigqueue(process.pid, 'SIGUSR2', value)
  }
  expect(sigpending()).toEqual(['SIGUSR2', 'SIGRTMIN'])
  sigmask('set', [])
  expect(values.toSorted(([a, i], [b, j]) => a.localeCompare(b) || i - j)).toEqual([
    ['SIGRTMIN', 1],
    ['SIGRTMIN', 2],
    ['SIGRTMIN', 3],
    ['SIGUSR2', 1],
  ])
})

test('the mask is changed by block, unblock and set', () => {
  expect(sigmask('block', ['HUP', 1, 'SIGHUP', 'RTMIN'])).toEqual([])
  expect(sigmask('block', new Set(['USR2']))).toEqual(['SIGHUP', 'SIGRTMIN'])
  expect(sigmask('unblock', ['HUP'])).toEqual(['SIGHUP', 'SIGUSR2', 'SIGRTMIN'])
  expect(sigmask('set', ['TERM'])).toEqual(['SIGUSR2', 'SIGRTMIN'])
  expect(sigmask('set', [])).toEqual(['SIGTERM'])
  expect(sigmask('block', [])).toEqual([])
})

test('everything may be asked for; what cannot be blocked is not', () => {
  sigmask('block', validSignals())
  const blocked = sigmask('set', [])
  expect(blocked).toContain('SIGINT')
  for (const never of ['SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL']) {
    expect(blocked).not.toContain(never)
  }
})

test('a default action waits too, in a process of many threads', async () => {
  const other = await startProcess<Modules>({ modules })
  await other.run(({ signals }) => signals.sigmask('block', ['SIGTERM', 'SIGUSR2']))
  for (let i = 0; i < 50; i++) kill(other.pid, 'SIGTERM')
  expect(await other.run(({ signals }) => signals.sigpending())).toEqual(['SIGTERM'])
  other.start(({ signals }) => signals.sigmask('unblock', ['SIGTERM'])).catch(() => {})
  expect((await other.exited).signal).toBe('SIGTERM')
})

test('an ignored signal that is pending is dropped', () => {
  let calls = 0
  signal('SIGUSR2', () => calls++)
  sigmask('block', ['SIGUSR2'])
  raise('SIGUSR2')
  expect(sigpending()).toEqual(['SIGUSR2'])
  signal('SIGUSR2', SIG_IGN)
  expect(sigpending()).toEqual([])
  sigmask('unblock', ['SIGUSR2'])
  expect(calls).toBe(0)
})

test('the kernel knows what is blocked, and children start with nothing blocked', () => {
  signal('SIGUSR2', () => {})
  const blockedIn = (task: string): boolean => {
    const status = readFileSync(`/proc/self/task/${task}/status`, 'utf8')
    return ((BigInt(`0x${/SigBlk:\s*(\w+)/.exec(status)![1]}`) >> 11n) & 1n) === 1n
  }
  expect(blockedIn(String(process.pid))).toBe(false)
  sigmask('block', ['SIGUSR2'])
  expect(blockedIn(String(process.pid))).toBe(true)
  expect(execFileSync('grep', ['SigBlk', '/proc/self/status']).toString()).toMatch(/\t0{16}\n/)
})

test('a thread that starts later does not take what is for the main thread', async () => {
  const values: number[] = []
  signal('SIGRTMIN', (_, { value }) => void values.push(value))
  const worker = await startWorker<Modules>({ modules })
  sigmask('block', ['SIGRTMIN'])
  for (let i = 0; i < 20; i++) sigqueue(process.pid, 'SIGRTMIN', i)
  await delay(20)
  expect(values).toEqual([])
  sigmask('unblock', ['SIGRTMIN'])
  expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i))
  await worker.terminate()
})

test('wrong arguments', async () => {
  const code = (value: string): unknown => expect.objectContaining({ code: value })
  expect(() => sigmask('toggle' as never, [])).toThrow(code('ERR_OUT_OF_RANGE'))
  expect(() => sigmask(0 as never, [])).toThrow(code('ERR_INVALID_ARG_TYPE'))
  for (const set of ['SIGINT', 2, null, undefined, {}]) {
    expect(() => sigmask('block', set as never)).toThrow(code('ERR_INVALID_ARG_TYPE'))
  }
  expect(() => sigmask('block', ['SIGFOO'])).toThrow(code('ERR_UNKNOWN_SIGNAL'))
  const worker = await startWorker<Modules>({ modules })
  await expect(
    worker.run(({ signals }) => signals.sigmask('block', ['SIGINT'])),
  ).rejects.toMatchObject({ code: 'ERR_IPC_UNSUPPORTED' })
  await worker.terminate()
})
