import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { startProcess, stopAll, until } from '@ipc/testing'

interface Modules {
  // oxlint-disable-next-line typescript/no-explicit-any -- tasks are text
  readonly signals: any
}
const modules = { signals: import.meta.resolve('@ipc/signals') }
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

afterAll(stopAll)

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const run = (...argv: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...argv], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

test('signals list prints every signal', async () => {
  const { status, stdout } = await run('list')
  expect(status).toBe(0)
  const lines = stdout.split('\n')
  expect(lines[0]).toBe(' 1  SIGHUP       terminate  Hangup')
  expect(lines[14]).toBe('15  SIGTERM      terminate  Terminated')
  expect(lines).toHaveLength(63)
})

test('signals kill sends what it is told', async () => {
  const other = await startProcess<Modules>({ modules })
  await other.run(({ signals, state }) => {
    state.seen = []
    for (const name of ['SIGUSR2', 'SIGRTMIN+1', 'SIGHUP']) {
      signals.signal(name, (of: string, info: { value: number }) =>
        state.seen.push([of, info.value]),
      )
    }
  })
  const pid = String(other.pid)
  expect(await run('kill', '-USR2', pid)).toEqual({ status: 0, stdout: '', stderr: '' })
  expect((await run('kill', '-SIGHUP', pid)).status).toBe(0)
  expect((await run('kill', '-12', pid)).status).toBe(0)
  expect((await run('kill', '-s', 'RTMIN+1', '-q', '42', pid)).status).toBe(0)
  await until(() => other.run(({ state }) => state.seen.length === 4), 'signals to arrive')
  expect(await other.run(({ state }) => state.seen)).toEqual([
    ['SIGUSR2', 0],
    ['SIGHUP', 0],
    ['SIGUSR2', 0],
    ['SIGRTMIN+1', 42],
  ])
  await run('kill', pid)
  expect((await other.exited).signal).toBe('SIGTERM')
})

test('signals kill reaches process groups', async () => {
  const child = spawn('sleep', ['100'], { detached: true })
  const exit = once(child, 'exit')
  expect((await run('kill', '-TERM', '--', `-${child.pid}`)).status).toBe(0)
  const [, signal] = (await exit) as [number, string]
  expect(signal).toBe('SIGTERM')
})

test('what fails is said, with a status', async () => {
  const failed = await run('kill', '-TERM', '1073741823')
  expect(failed.status).toBe(1)
  expect(failed.stderr).toMatch(/^signals: send signal 15 to 1073741823: ESRCH/)
  for (const argv of [
    ['kill'],
    ['kill', '-FOO', '1'],
    ['kill', 'abc'],
    ['frob'],
    ['kill', '-x', '1'],
  ]) {
    const { status, stderr } = await run(...argv)
    expect([argv, status]).toEqual([argv, argv.includes('-FOO') ? 1 : 2])
    expect(stderr).toMatch(/^signals: /)
  }
  expect((await run('help')).stdout).toMatch(/^Usage:/)
})
