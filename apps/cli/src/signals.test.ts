/** The command of `ipc run` gets each signal once, whoever it was sent to. */
import { observe } from '@ipc/core'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench, until, type Running } from './fixtures/ipc.ts'

const COUNTS = fileURLToPath(new URL('fixtures/counts.mjs', import.meta.url))

/** A second copy would have come by then: ipc holds a signal back for at most 500 ms. */
const SETTLED_MS = 700

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

afterEach(async () => {
  await bench.end()
})

const has = (tool: string, ...args: string[]): boolean => spawnSync(tool, args).status === 0

/** `ipc run` as the leader of a session and a group, and the process that runs under it. */
async function session(...wrapper: string[]): Promise<{ running: Running; command: number }> {
  const args = [process.execPath, bench.cli, 'run', 'a', '--', ...wrapper, process.execPath, COUNTS]
  const running = bench.program('setsid', args)
  await running.says('counts')
  const noted = (): number | undefined =>
    observe().agents.find(({ command }) => command !== null)?.command?.pid
  await until(() => noted() !== undefined, 'ipc has noted what it runs')
  return { running, command: noted()! }
}

async function counted({
  running,
  command,
}: {
  running: Running
  command: number
}): Promise<unknown> {
  await delay(SETTLED_MS)
  process.kill(command, 'SIGUSR2')
  const { out } = await running.ended
  return JSON.parse(out.replace('counts\n', ''))
}

/** Signals as systemd does with a control group: one process after another, in the order of a list. */
function sweep(group: number, signal: NodeJS.Signals, order: 1 | -1): void {
  const members = readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && groupOf(name) === group,
  )
  expect(members.length).toBeGreaterThanOrEqual(3)
  for (const pid of members.map(Number).toSorted((a, b) => (a - b) * order))
    process.kill(pid, signal)
}

function groupOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
  } catch {
    return 0 // it has ended
  }
}

describe.runIf(has('setsid', '--version'))('a signal', () => {
  const ways: Readonly<Record<string, (pid: number) => void>> = {
    'to ipc': (pid) => process.kill(pid, 'SIGTERM'),
    'to the group': (pid) => process.kill(-pid, 'SIGTERM'),
    'to each of the group, ipc first': (pid) => sweep(pid, 'SIGTERM', 1),
    'to each of the group, ipc last': (pid) => sweep(pid, 'SIGTERM', -1),
    'to ipc and then to the group, as timeout(1) does': (pid) => {
      process.kill(pid, 'SIGTERM')
      process.kill(-pid, 'SIGTERM')
    },
  }
  test.each(Object.entries(ways))('%s comes once', async (_, send) => {
    const all = await session()
    send(all.running.pid)
    expect(await counted(all)).toEqual({ SIGTERM: 1 })
  })

  test('and every other one, in turn', async () => {
    const all = await session()
    const signals = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGCONT', 'SIGWINCH'] as const
    for (const signal of signals) {
      process.kill(-all.running.pid, signal)
      await delay(SETTLED_MS)
      process.kill(all.running.pid, signal)
      await delay(SETTLED_MS)
    }
    expect(await counted(all)).toEqual(Object.fromEntries(signals.map((signal) => [signal, 2])))
  })

  test('ten of them to ipc come ten times', async () => {
    const all = await session()
    for (let i = 0; i < 10; i++) {
      process.kill(all.running.pid, 'SIGUSR1')
      await delay(50)
    }
    expect(await counted(all)).toEqual({ SIGUSR1: 10 })
  })

  test('to the group reaches a command that has left it', async () => {
    const all = await session('env', 'setsid')
    process.kill(-all.running.pid, 'SIGTERM')
    expect(await counted(all)).toEqual({ SIGTERM: 1 })
  })

  test('of the command to its parent does not come back', async () => {
    const script = 'trap "echo back" TERM; kill -TERM $PPID; sleep 1; echo end'
    expect((await bench.ipc('run', 'a', '--', 'sh', '-c', script)).out).toBe('end\n')
  })

  test.runIf(has('pkill', '--version'))(
    'to what is called like ipc reaches the command',
    async () => {
      const all = await session()
      spawnSync('pkill', ['-TERM', '-f', `${bench.cli} run`])
      expect(await counted(all)).toEqual({ SIGTERM: 1 })
    },
  )

  test('after somebody has killed the witness comes at least once', async () => {
    const all = await session()
    const isWitness = (pid: string): boolean =>
      groupOf(pid) === all.running.pid &&
      readFileSync(`/proc/${pid}/comm`, 'utf8') === 'signal-witness\n'
    const witness = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isWitness(name))
    process.kill(Number(witness), 'SIGKILL')
    process.kill(all.running.pid, 'SIGTERM')
    expect(await counted(all)).toEqual({ SIGTERM: 1 })
  })
})

test('no witness is left when ipc is killed', async () => {
  const running = bench.start('run', 'a', '--', 'sh', '-c', 'echo up; exec sleep 1000')
  await running.says('up')
  const witnesses = (): string[] =>
    readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === running.pid)
  expect(witnesses().length).toBe(2) // one of the two is the command
  const all = witnesses()
  running.child.kill('SIGKILL')
  await until(() => all.filter(lives).length === 1, 'the command lives alone')
})

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0
  }
}

function lives(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe.runIf(has('script', '--version'))('a terminal', () => {
  /** Opens a window whose only program is ipc, which is therefore the leader of the session. */
  function window(command: string): Running {
    return bench.program('script', [
      '-qec',
      `exec ${bench.ipcCommand} run a -- ${command}`,
      '/dev/null',
    ])
  }

  test.each(['', 'setsid -w ', 'timeout 600 '])(
    'that is closed ends the command: %s',
    async (by) => {
      const running = window(`${by}sh -c 'echo up; exec sleep 1000'`)
      await running.says('up')
      running.child.kill('SIGKILL')
      await until(() => observe().agents.length === 0, 'the command has ended, and ipc')
      expect((await bench.ipc('run', 'a', '-t', '0', '--', 'echo', 'free')).out).toBe('free\n')
    },
  )
})

describe('while it waits', () => {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const

  test.each(signals)('%s ends it, as it ends others', async (signal) => {
    const holder = bench.start('run', 'a', '--', 'sleep', '1000')
    await until(() => observe().agents.some(({ command }) => command !== null), 'it runs')
    for (const args of [
      ['run', 'a', '--', 'true'],
      ['wait', 'ready'],
    ]) {
      const waiting = bench.start(...args)
      await until(() => observe().agents.some(({ waits }) => waits.length > 0), 'it waits')
      waiting.child.kill(signal)
      expect(await waiting.ended).toMatchObject({ status: null, signal, err: '' })
    }
    holder.child.kill('SIGKILL')
  })

  test.runIf(has('unshare', '-rpf', '--kill-child', 'true'))(
    'so too as process 1 of a namespace, which the kernel spares otherwise',
    async () => {
      const holder = bench.start('run', 'a', '--', 'sleep', '1000')
      await until(() => observe().agents.some(({ command }) => command !== null), 'it runs')
      for (const [signal, status] of [
        ['SIGTERM', 143],
        ['SIGINT', 130],
        ['SIGUSR2', 140],
      ] as const) {
        const args = ['-rpf', '--kill-child', process.execPath, bench.cli, 'run', 'a', '--', 'true']
        const outside = bench.program('unshare', args)
        const first = (): string | undefined =>
          readdirSync('/proc').find((name) => /^\d+$/.test(name) && parentOf(name) === outside.pid)
        await until(() => observe().agents.some(({ waits }) => waits.length > 0), 'it waits')
        process.kill(Number(first()), signal)
        expect((await outside.ended).status).toBe(status)
      }
      holder.child.kill('SIGKILL')
    },
  )
})
