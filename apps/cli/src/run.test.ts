/** `ipc run`, as a cron job has it. */
import { observe } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench, until, type Running } from './fixtures/ipc.ts'

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

afterEach(async () => {
  await bench.end()
})

const SLEEPER = 'echo up; while :; do sleep 0.05; done'

/** A command that has the lock. */
async function holder(...args: string[]): Promise<Running> {
  const running = bench.start('run', ...args, '--', 'sh', '-c', SLEEPER)
  await running.says('up')
  return running
}

async function waiters(count: number): Promise<void> {
  await until(
    () => observe().agents.filter(({ waits }) => waits.length > 0).length === count,
    `${count} wait`,
  )
}

function commandPid(): number {
  return observe().agents.find(({ command }) => command !== null)!.command!.pid
}

test('ends as the command does, and says what it says', async () => {
  const { status, out, err } = await bench.ipc('run', 'a', '--', 'sh', '-c', 'echo hi; exit 7')
  expect({ status, out, err }).toEqual({ status: 7, out: 'hi\n', err: '' })
})

test("options behind -- are the command's", async () => {
  const words = ['--shared', '-t', '--', '--help']
  const { out } = await bench.ipc('run', 'a', '--', 'sh', '-c', 'echo "$*"', 'sh', ...words)
  expect(out).toBe(`${words.join(' ')}\n`)
})

test('what cannot be run: 127 and 126, and the lock is free', async () => {
  expect(await bench.ipc('run', 'a', '--', 'no-such-command')).toMatchObject({
    status: 127,
    err: 'ipc: no-such-command: command not found\n',
  })
  expect((await bench.ipc('run', 'a', '--', '/etc/passwd')).status).toBe(126)
  const lock = Lock.open('a')
  const guard = lock.tryAcquire()
  expect(guard?.abandoned).toBe(false)
  guard?.release()
  lock.close()
})

test('--timeout and --conflict-exit-code while somebody else has it, here a program', async () => {
  const lock = Lock.open('a')
  lock.acquire()
  const conflict = ['--timeout', '50ms', '--conflict-exit-code', '75']
  expect((await bench.ipc('run', 'a', '--timeout', '0', '--', 'true')).status).toBe(1)
  expect(await bench.ipc('run', 'a', ...conflict, '--', 'echo', 'no')).toMatchObject({
    status: 75,
    out: '',
  })
  lock.release()
  expect((await bench.ipc('run', 'a', '--timeout', '0', '--', 'true')).status).toBe(0)
  lock.close()
})

test('signals are passed on', async () => {
  const script = `trap 'echo usr1' USR1; trap 'echo term; exit 9' TERM; ${SLEEPER}`
  const running = bench.start('run', 'a', '--', 'sh', '-c', script)
  await running.says('up')
  running.child.kill('SIGUSR1')
  await running.says('usr1')
  running.child.kill('SIGTERM')
  expect((await running.ended).status).toBe(9)
})

test('a command that is killed: 128 + n, and the next one is told', async () => {
  const running = await holder('a')
  process.kill(commandPid(), 'SIGKILL')
  expect((await running.ended).status).toBe(137)
  const print = ['--', 'sh', '-c', 'echo "[$IPC_ABANDONED]"']
  expect(await bench.ipc('run', 'a', ...print)).toMatchObject({
    out: '[1]\n',
    err: 'ipc: a: the last owner was killed: what it did may be half-done\n',
  })
  expect(await bench.ipc('run', 'a', ...print)).toMatchObject({ out: '[]\n', err: '' })
})

test('ipc is killed: the command goes on, and nobody else has the lock until it ends', async () => {
  const running = await holder('a')
  const command = commandPid()
  const next = bench.start('run', 'a', '--abandoned-exec', 'echo repairs', '--', 'echo', 'runs')
  await waiters(1)
  running.child.kill('SIGKILL')
  await until(() => observe().agents.some(({ livesInHeirs }) => livesInHeirs), 'it is dead')
  expect((await bench.ipc('run', 'a', '--timeout', '100ms', '--', 'echo', 'no')).status).toBe(1)
  const { out } = await bench.ipc('ls')
  expect(out).toContain(`killed; what it started goes on: ${command} sh -c ${SLEEPER}`)
  process.kill(command, 'SIGKILL')
  expect(await next.ended).toMatchObject({ status: 0, out: 'repairs\nruns\n' })
})

test('--abandoned-exec that fails: no command, and the next one is told again', async () => {
  const running = await holder('a')
  process.kill(commandPid(), 'SIGKILL')
  await running.ended
  expect(
    await bench.ipc('run', 'a', '--abandoned-exec', 'exit 3', '--', 'echo', 'no'),
  ).toMatchObject({
    status: 3,
    out: '',
  })
  expect((await bench.ipc('run', 'a', '--abandoned-exec', 'echo again', '--', 'true')).out).toBe(
    'again\n',
  )
})

test('what the command left in the background is waited for, unless --command-only', async () => {
  const script = 'sh -c "while [ -e $0 ]; do sleep 0.02; done" & echo main'
  const flag = bench.home // as long as it is there
  const only = await bench.program('sh', [
    '-c',
    `$IPC run a --command-only -- sh -c 'sleep 0.3 & echo main' >/dev/null; $IPC run a --timeout 0 -- echo free`,
  ]).ended
  expect(only.out).toBe('free\n')
  const running = bench.start('run', 'a', '--', 'sh', '-c', script, `${flag}/gone`)
  expect((await running.ended).status).toBe(0)
  const held = bench.start('run', 'a', '--', 'sh', '-c', 'sleep 1000 & echo $!')
  await until(() => /^\d+\n/.test(held.out), 'it says a number')
  await until(() => held.err.includes('held until'), 'ipc says that it waits')
  expect((await bench.ipc('run', 'a', '--timeout', '0', '--', 'true')).status).toBe(1)
  process.kill(Number(held.out), 'SIGKILL')
  expect((await held.ended).status).toBe(0)
})

describe('--shared', () => {
  test('runs beside others who share, and not beside those who do not', async () => {
    const first = await holder('a', '--shared')
    expect(
      (await bench.ipc('run', 'a', '--shared', '--timeout', '0', '--', 'echo', 'too')).out,
    ).toBe('too\n')
    expect((await bench.ipc('run', 'a', '--timeout', '0', '--', 'echo', 'no')).status).toBe(1)
    first.child.kill('SIGKILL') // ipc: its command still shares
    expect((await bench.ipc('run', 'a', '--timeout', '50ms', '--', 'echo', 'no')).status).toBe(1)
    process.kill(commandPid(), 'SIGKILL')
    expect((await bench.ipc('run', 'a', '--', 'echo', 'then')).out).toBe('then\n')
  })

  test('waits for one who does not share, also if nobody shared before', async () => {
    const running = await holder('a')
    expect(
      (await bench.ipc('run', 'a', '--shared', '--timeout', '50ms', '--', 'echo', 'no')).status,
    ).toBe(1)
    const sharing = bench.start('run', 'a', '--shared', '--', 'echo', 'shares')
    await waiters(1)
    process.kill(commandPid(), 'SIGTERM')
    expect((await running.ended).status).toBe(143)
    expect(await sharing.ended).toMatchObject({ status: 0, out: 'shares\n' })
  })
})

test('--max: so many at a time; the place of a killed one comes back when its command has ended', async () => {
  const first = await holder('a', '--max', '2')
  const command = commandPid()
  const second = await holder('a', '--max', '2')
  const third = ['run', 'a', '--max', '2', '--timeout', '50ms', '--', 'echo', 'in']
  expect((await bench.ipc(...third)).status).toBe(1)
  first.child.kill('SIGKILL')
  expect((await bench.ipc(...third)).status).toBe(1)
  process.kill(command, 'SIGKILL')
  await until(async () => (await bench.ipc(...third)).out === 'in\n', 'there is a place')
  const other = await bench.ipc('run', 'a', '--max', '3', '--', 'true')
  expect(other).toMatchObject({
    status: 2,
    err: 'ipc: a: it is in use with another --max than 3\n',
  })
  second.child.kill('SIGTERM')
  expect((await second.ended).status).toBe(143)
})
