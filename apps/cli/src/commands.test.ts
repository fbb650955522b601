/** Events, removal, signals, alarms, help, completion, and every bad command line. */
import { RWLock } from '@ipc/lock'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench } from './fixtures/ipc.ts'

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

afterEach(async () => {
  await bench.end()
})

test('wait, set and clear', async () => {
  const early = bench.start('wait', 'ready')
  expect((await bench.ipc('wait', 'ready', '--timeout', '20ms')).status).toBe(1)
  expect((await bench.ipc('set', 'ready')).status).toBe(0)
  expect((await early.ended).status).toBe(0)
  expect((await bench.ipc('wait', 'ready')).status).toBe(0)
  expect((await bench.ipc('clear', 'ready')).status).toBe(0)
  expect((await bench.ipc('wait', 'ready', '--timeout', '0')).status).toBe(1)
})

test('rm and prune', async () => {
  const used = RWLock.open('used')
  await bench.ipc('set', 'used')
  await bench.ipc('set', 'other')
  expect(await bench.ipc('rm', 'used')).toMatchObject({ status: 2 }) // two objects have this name
  expect(await bench.ipc('rm', 'used', '--kind', 'rwlock')).toMatchObject({
    status: 1,
    err: `ipc: used: another process has it open (pid ${process.pid})\n`,
  })
  expect((await bench.ipc('rm', 'used', '--kind', 'event')).status).toBe(0)
  expect(JSON.parse((await bench.ipc('prune', '--json')).out)).toEqual([
    { kind: 'event', name: 'other' },
  ])
  expect((await bench.ipc('rm', 'used', '--force')).status).toBe(0)
  expect(() => used.writer.acquire()).toThrow(expect.objectContaining({ code: 'ERR_IPC_UNLINKED' }))
  expect(await bench.ipc('rm', 'used')).toMatchObject({
    status: 1,
    err: 'ipc: no object is called used\n',
  })
  used.close()
})

test('prune keeps what somebody died holding, and says so; rm says what is lost', async () => {
  const die = ['--', 'sh', '-c', 'kill -9 $$']
  await bench.ipc('run', 'killed', ...die)
  await bench.ipc('set', 'other')
  const kept = 'ipc: kept lock killed: its last owner was killed, and the next one is to be told\n'
  expect(await bench.ipc('prune')).toMatchObject({
    status: 0,
    out: 'removed event other\n',
    err: kept,
  })
  expect(await bench.ipc('prune', '--json')).toMatchObject({ out: '[]\n', err: kept })
  const told = await bench.ipc('run', 'killed', '--', 'sh', '-c', 'echo $IPC_ABANDONED')
  expect(told).toMatchObject({ status: 0, out: '1\n' })
  expect(await bench.ipc('prune')).toMatchObject({ out: 'removed lock killed\n', err: '' })

  await bench.ipc('run', 'killed', ...die)
  expect(await bench.ipc('prune', '--force')).toMatchObject({
    out: 'removed lock killed\n',
    err: '',
  })
  await bench.ipc('run', 'killed', ...die)
  expect(await bench.ipc('rm', 'killed')).toMatchObject({
    status: 0,
    err: 'ipc: killed: its last owner was killed; nobody will be told of it now\n',
  })
})

test('kill', async () => {
  const script = `trap 'echo usr1' USR1; trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done`
  const running = bench.program('sh', ['-c', script])
  await running.says('up')
  const pid = String(running.pid)
  expect((await bench.ipc('kill', '-USR1', pid)).status).toBe(0)
  await running.says('usr1')
  expect((await bench.ipc('kill', '-0', pid)).status).toBe(0)
  expect((await bench.ipc('kill', '--queue', '42', pid)).status).toBe(0)
  expect((await running.ended).status).toBe(5)
  expect(await bench.ipc('kill', pid)).toMatchObject({
    status: 1,
    err: `ipc: ${pid}: no such process\n`,
  })
  expect((await bench.ipc('kill', '-l')).out).toContain('10  SIGUSR1')
  for (const [status, name] of [
    ['137', 'SIGKILL'],
    ['143', 'SIGTERM'],
    ['192', 'SIGRTMAX'],
  ]) {
    expect((await bench.ipc('kill', '-l', status!)).out).toContain(`${name} `)
  }
  expect((await bench.ipc('kill', '-l', '193')).status).toBe(2)
  expect(JSON.parse((await bench.ipc('kill', '-l', '--json', 'rtmin+1')).out)).toMatchObject([
    { signal: 'SIGRTMIN+1' },
  ])
})

test('alarm', async () => {
  expect((await bench.ipc('alarm', '50ms', '--', 'sleep', '60')).signal).toBe('SIGALRM')
  expect(
    await bench.ipc('alarm', '1h', '--', 'sh', '-c', 'echo "$1"; exit 3', 'sh', 'a b'),
  ).toMatchObject({
    status: 3,
    out: 'a b\n',
  })
  expect((await bench.ipc('alarm', '1', '--', 'no-such-command')).status).toBe(127)
})

test('bash completes commands, options, names and signals', async () => {
  await bench.ipc('set', 'cache-ready')
  const { out } = await bench.ipc('completion', 'bash')
  const complete = (...words: string[]): string => {
    const script = `${out}
ipc() { $IPC "$@"; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_ipc; echo "\${COMPREPLY[@]}"`
    const env = { ...process.env, IPC: bench.ipcCommand }
    return spawnSync('bash', ['-c', script], { env, encoding: 'utf8' }).stdout.trim()
  }
  expect(complete('ipc', 'al')).toBe('alarm')
  expect(complete('ipc', 'run', 'x', '--ti')).toBe('--timeout')
  expect(complete('ipc', 'wait', 'ca')).toBe('cache-ready')
  expect(complete('ipc', 'kill', '-s', 'USR')).toBe('USR1 USR2')
  expect(complete('ipc', 'kill', '-USR')).toBe('-USR1 -USR2')
  expect(complete('ipc', 'run', 'x', '-s', 'USR')).toBe('')
  expect(complete('ipc', 'wait', '--timeout', 'ca')).toBe('')
  expect(complete('ipc', 'run', 'x', '--', 'cat', '/etc/passw')).toMatch(/^\/etc\/passwd\b/)
  expect(complete('ipc', 'help', 'al')).toBe('alarm')
  expect(complete('ipc', '--v')).toBe('--version')
})

test('help teaches, on standard output', async () => {
  const commands = [[], ['run'], ['wait'], ['ls'], ['top'], ['rm'], ['kill'], ['alarm']]
  const helps = await Promise.all(commands.map((command) => bench.ipc(...command, '--help')))
  for (const [i, { status, out, err }] of helps.entries()) {
    expect({ command: commands[i], status, err }).toEqual({
      command: commands[i],
      status: 0,
      err: '',
    })
    expect(out).toMatch(/Usage: ipc[^]*\n(Examples:|Held since: |q, Escape or Ctrl-C)/)
  }
})

test('help, and the version', async () => {
  const { out } = await bench.ipc('help', 'run')
  expect(out).toBe((await bench.ipc('run', '--help')).out)
  expect((await bench.ipc('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('who reads no further ends it, as SIGPIPE ends others', async () => {
  const script = `$IPC kill -l | head -n 1 >/dev/null; echo "\${PIPESTATUS[0]}"`
  const { out, err } = await bench.program('bash', ['-c', script]).ended
  // ipc may have written everything before head ends
  expect([out, err]).toEqual([expect.stringMatching(/^(0|141)\n$/), ''])
  const full = await bench.program('sh', ['-c', '$IPC kill -l >/dev/full']).ended
  expect(full).toMatchObject({ status: 2, err: expect.stringMatching(/^ipc: ENOSPC.*\n$/) })
})

describe('bad input: one line, status 2, nothing is made', () => {
  test('on the command line', async () => {
    const cases: [string[], RegExp][] = [
      [['run', 'x'], /^no command: say ipc run x -- COMMAND$/],
      [['run', '../x', '--', 'true'], /^name must be 1 to 128 of .*: "\.\.\/x"$/],
      [['run', 'x', '--timeout', 'soon', '--', 'true'], /^no duration: "soon"/],
      [['run', 'x', '--max', '0', '--', 'true'], /^no number of places: "0"/],
      [['run', 'x', '--max', '2', '--shared', '--', 'true'], /do not go together/],
      [['run', 'x', '--conflict-exit-code', '256', '--', 'true'], /^no exit status: "256"/],
      [['run', 'x', '--frobnicate', '--', 'true'], /^unknown option '--frobnicate'/],
      [['run', 'x', 'sort', '-s'], /^no -- before sort: say ipc run x -- sort$/],
      [['run', 'x', '--max', '--', 'true'], /^option '-m, --max <n>' argument missing/],
      [['run', '--', 'true'], /^missing required argument 'name'/],
      [['run'], /^missing required argument 'name'/],
      [['wait', ''], /^name must be/],
      [['ls', '../x'], /^name must be/],
      [['rm', 'x', '--kind', 'mutex'], /^no such kind: "mutex"/],
      [['rm', '-x'], /^unknown option '-x'/],
      [['kill', '-USR9', '1'], /^no such signal: "USR9"/],
      [['kill', '-s', 'RTMIN+99', '1'], /^no such signal: "RTMIN\+99"/],
      [['kill', 'x'], /^no process number: "x"/],
      [['kill'], /^no process: say/],
      [['kill', '--queue', '1e3', '1'], /^no value: "1e3"/],
      [['alarm', '0', '--', 'true'], /^no duration/],
      [['alarm', '1'], /^no command/],
      [['alarm', '1', 'true'], /^no -- before true: say ipc alarm DURATION -- true$/],
      [['frobnicate'], /^no such command: frobnicate/],
      [['help', 'frobnicate'], /^no such command: frobnicate/],
      [['completion', 'tcsh'], /^no completion for "tcsh": there are bash, zsh, fish$/],
    ]
    const results = await Promise.all(cases.map(([args]) => bench.ipc(...args)))
    for (const [i, { status, out, err }] of results.entries()) {
      const [args, message] = cases[i]!
      expect({ args, status, out, lines: err.split('\n').length }).toEqual({
        args,
        status: 2,
        out: '',
        lines: 2,
      })
      expect(err).toMatch(/^ipc: /)
      expect(err.slice('ipc: '.length).trimEnd()).toMatch(message)
    }
    expect(existsSync(bench.directory)).toBe(false)
  })

  test('a directory that others can use', async () => {
    mkdirSync(bench.directory)
    chmodSync(bench.directory, 0o755)
    for (const args of [['run', 'x', '--', 'true'], ['ls'], ['set', 'x'], ['prune']]) {
      const { status, out, err } = await bench.ipc(...args)
      expect({ args, status, out }).toEqual({ args, status: 2, out: '' })
      expect(err).toMatch(/^ipc: use the directory .* its mode is 0755.*\n$/)
      expect(existsSync(join(bench.directory, '.registry'))).toBe(false)
    }
    chmodSync(bench.directory, 0o700)
  })
})
