/** Tests `ipc run` as a cron job uses it. */
import { observe } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { spawnSync } from 'node:child_process'
import { constants, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Starts a command that has the lock. */
async function holder(...args: string[]): Promise<Running> {
  const running = bench.start('run', ...args, '--', 'sh', '-c', SLEEPER)
  await running.says('up')
  const isNoted = (): boolean =>
    observe().agents.some(({ pid, command }) => pid === running.pid && command !== null)
  await until(isNoted, 'ipc has noted what it runs')
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

test('arguments that are not UTF-8 reach the command as they are', async () => {
  const words = `a "$(printf '\\377')" "$(printf '\\357\\277\\275')" ''`
  const script = `$IPC run a -- printf '%s|' ${words} | od -An -tx1
    $IPC alarm 60 -- printf '%s|' ${words} | od -An -tx1`
  const { out } = await bench.program('sh', ['-c', script]).ended
  const line = ' 61 7c ff 7c ef bf bd 7c 7c\n'
  expect(out).toBe(line + line)
})

test('a script in $PATH without a first line that says by what', async () => {
  writeFileSync(join(bench.home, 'script'), 'echo "$0 $1"; exit 4', { mode: 0o755 })
  const env = { PATH: `/no-such-directory:${bench.home}:${process.env['PATH']}` }
  const args = [bench.cli, 'run', 'a', '--', 'script', 'one']
  expect(await bench.program(process.execPath, args, env).ended).toMatchObject({
    status: 4,
    out: `${bench.home}/script one\n`,
  })
})

test('a shared command that cannot be run after an owner was killed: the next one is told', async () => {
  await bench.ipc('run', 'a', '--', 'sh', '-c', 'kill -9 $$')
  expect((await bench.ipc('run', 'a', '--shared', '--', 'no-such-command')).status).toBe(127)
  const repair = ['--abandoned-exec', 'echo repairs']
  expect(await bench.ipc('run', 'a', '--shared', ...repair, '--', 'true')).toMatchObject({
    status: 0,
    out: 'repairs\n',
  })
  expect((await bench.ipc('run', 'a', '--shared', '--', 'no-such-command')).status).toBe(127)
  expect(await bench.ipc('run', 'a', ...repair, '--', 'true')).toMatchObject({ out: '' })
})

test('what ipc says leaves a pipe as it is, for the command that writes to it, too', async () => {
  await bench.ipc('run', 'a', '--', 'sh', '-c', 'kill -9 $$')
  const script = '{ $IPC run a -- cat /proc/self/fdinfo/2 2>&1 >&3 | cat >&2; } 3>&1'
  const { out, err } = await bench.program('sh', ['-c', script]).ended
  expect(err).toContain('the last owner was killed')
  const flags = Number.parseInt(/^flags:\s+(\d+)$/m.exec(out)?.[1] ?? '', 8)
  expect(flags).not.toBeNaN()
  expect(flags & constants.O_NONBLOCK).toBe(0)
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

test.runIf(spawnSync('flock', ['--version']).status === 0)(
  'ipc is killed: its command keeps the registry, too, from being replaced by another version',
  async () => {
    const script = `
      $IPC run a -- sh -c 'echo $$ >"$0"; exec sleep 1000' "$DIR/new" &
      while ! [ -s "$DIR/new" ]; do sleep 0.02; done
      kill -9 $!; wait $! 2>/dev/null
      flock -n -x "$IPC_DIR/.registry" true; echo $?
      kill -9 $(cat "$DIR/new")
      flock -x "$IPC_DIR/.registry" true; echo $?`
    const { out } = await bench.program('sh', ['-c', script], { DIR: bench.home }).ended
    expect(out).toBe('1\n0\n')
  },
)

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

describe('who has not run its command after one that was killed leaves it to be told again', () => {
  const repairs = ['run', 'a', '--abandoned-exec', 'echo told', '--', 'true']

  test('as there was no such command', async () => {
    const running = await holder('a')
    process.kill(commandPid(), 'SIGKILL')
    await running.ended
    expect((await bench.ipc('run', 'a', '--', 'no-such-command')).status).toBe(127)
    expect((await bench.ipc(...repairs)).out).toBe('told\n')
    expect((await bench.ipc(...repairs)).out).toBe('')
  })

  test('as it has waited for those who share in vain', async () => {
    const sharing = await holder('a', '--shared')
    const command = commandPid()
    const killed = bench.start('run', 'a', '--', 'true')
    await waiters(1) // it has the Lock and waits for the readers
    killed.child.kill('SIGKILL')
    await killed.ended
    expect((await bench.ipc('run', 'a', '--timeout', '50ms', '--', 'true')).status).toBe(1)
    process.kill(command, 'SIGTERM')
    await sharing.ended
    expect((await bench.ipc(...repairs)).out).toBe('told\n')
  })
})

test('IPC_ABANDONED is about the own lock, not about that of an ipc that runs this one', async () => {
  const running = await holder('a')
  process.kill(commandPid(), 'SIGKILL')
  await running.ended
  const script = 'echo "[$IPC_ABANDONED]"; $IPC run b -- sh -c \'echo "[$IPC_ABANDONED]"\''
  expect((await bench.ipc('run', 'a', '--', 'sh', '-c', script)).out).toBe('[1]\n[]\n')
})

test('--command-only and a command that is killed: abandoned at once, whatever it left', async () => {
  const script = 'sleep 1000 >/dev/null 2>&1 & echo $!; kill -9 $$'
  const { status, out } = await bench.ipc('run', 'a', '--command-only', '--', 'sh', '-c', script)
  expect(status).toBe(137)
  const next = await bench.ipc(
    'run',
    'a',
    '--timeout',
    '0',
    '--',
    'sh',
    '-c',
    'echo $IPC_ABANDONED',
  )
  process.kill(Number(out), 'SIGKILL')
  expect(next.out).toBe('1\n')
})

test.each([200, 101, 80, 40])(
  'runs with %d open files, and is killed as others are',
  async (limit) => {
    const limited = `ulimit -n ${limit}; $IPC run a -- echo runs; exec $IPC run a -- sh -c 'kill -9 $$'`
    const { status, out, err } = await bench.program('sh', ['-c', limited]).ended
    expect({ status, out, err }).toEqual({ status: 137, out: 'runs\n', err: '' })
    expect((await bench.ipc('run', 'a', '--', 'sh', '-c', 'echo $IPC_ABANDONED')).out).toBe('1\n')
  },
)

test('nothing can be passed on for want of descriptors: one line, and the lock is free', async () => {
  const lower =
    'n=40; while ulimit -n $n && $IPC run a -- true 2>err; do n=$((n - 1)); done; cat err'
  const { out } = await bench.program('sh', ['-c', `cd ${bench.home}; ${lower}`]).ended
  expect(out).toMatch(/^ipc: .*EMFILE, Too many open files\n$/)
  const print = ['sh', '-c', 'echo "[$IPC_ABANDONED]"']
  expect((await bench.ipc('run', 'a', '--timeout', '0', '--', ...print)).out).toBe('[]\n')
})

test.each([300, 5000])(
  'a command with a name of %d bytes: 126, as env(1) has it',
  async (length) => {
    const { status, err } = await bench.ipc('run', 'a', '--', 'x'.repeat(length))
    expect(status).toBe(126)
    expect(err).toBe(`ipc: ${'x'.repeat(length)}: ENAMETOOLONG, File name too long\n`)
  },
)

describe('under an ipc run that would wait for it', () => {
  const run = (...args: string[]): string => `$IPC run a ${args.join(' ')} --`
  const exclusive = run()
  const shared = run('--shared')
  const two = run('--max', '2')

  test.each([
    [exclusive, exclusive],
    [exclusive, shared],
    [shared, exclusive],
    [exclusive, `sh -c '${exclusive} true'`],
    [two, `${two} ${two}`],
  ])('one line and status 2: %s %s', async (outer, inner) => {
    const { status, err } = await bench.program('sh', ['-c', `${outer} ${inner} true`]).ended
    expect(status).toBe(2)
    expect(err).toBe('ipc: a: held by the ipc run that runs this one: this wait would never end\n')
  })

  test.each([
    ['two who share', shared, shared],
    ['as many as there are places', two, two],
    ['another name', exclusive, '$IPC run b --'],
    ['another directory', exclusive, 'env IPC_DIR="$IPC_DIR-2" $IPC run a --'],
  ])('%s run', async (_, outer, inner) => {
    const { status, out } = await bench.program('sh', ['-c', `${outer} ${inner} echo runs`]).ended
    expect({ status, out }).toEqual({ status: 0, out: 'runs\n' })
  })

  test('one that gives up in time does', async () => {
    const { status, err } = await bench.program('sh', ['-c', `${exclusive} ${run('-t', '0')} true`])
      .ended
    expect({ status, err }).toEqual({ status: 1, err: '' })
  })

  test('a daemon that outlives it runs, whatever it was told', async () => {
    const later = `while [ -e $D/a ]; do sleep 0.02; done; ${exclusive} touch $D/b`
    const script = `touch $D/a
      ${exclusive} bash -c 'exec 100<&- 101<&-; setsid bash -c "$LATER" >/dev/null 2>&1 &'
      $IPC run a -t 0 -- rm $D/a; while ! [ -e $D/b ]; do sleep 0.02; done; echo done`
    const env = { D: bench.home, LATER: later }
    const { out } = await bench.program('bash', ['-c', script], env).ended
    expect(out).toBe('done\n')
  })
})

test('a script without a first line that says by what is run by sh', async () => {
  const script = `${bench.home}/script`
  writeFileSync(script, 'echo "$0 $1"\n', { mode: 0o755 })
  expect((await bench.ipc('run', 'a', '--', script, 'x y')).out).toBe(`${script} x y\n`)
})

test('what the command left in the background is waited for, unless --command-only', async () => {
  const script = 'sh -c "while [ -e $0 ]; do sleep 0.02; done" & echo main'
  const flag = bench.home // the loop runs as long as this exists
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
    first.child.kill('SIGKILL') // this kills ipc; its command still shares
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
