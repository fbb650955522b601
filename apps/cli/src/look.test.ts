/** `ipc ls` and `ipc top`: who holds, who waits, who has died, who waits in a circle. */
import { observe } from '@ipc/core'
import { Lock, RWLock } from '@ipc/lock'
import { BoundedSemaphore } from '@ipc/semaphore'
import { Barrier, Event } from '@ipc/sync'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Bench, until, type Running } from './fixtures/ipc.ts'

const HOLDER = fileURLToPath(new URL('fixtures/holder.mjs', import.meta.url))

let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

afterEach(async () => {
  await bench.end()
})

interface Json {
  objects: {
    kind: string
    name: string
    state: string
    holders: { pid: number; since: string | null }[]
    dead: { pid: number }[]
    waiters: { pid: number; blocked: boolean }[]
  }[]
  deadlocks: {
    certain: boolean
    circle: {
      pid: number
      waitsFor: { name: string } | null
      heldBy: number | null
      runs: number | null
    }[]
  }[]
}

async function json(): Promise<Json> {
  return JSON.parse((await bench.ipc('ls', '--json')).out) as Json
}

/** A program that holds one lock and then waits for another, blocked or in a promise. */
async function hold(how: string, ...names: string[]): Promise<Running> {
  const running = bench.program(process.execPath, [HOLDER, how, ...names])
  await running.says('holds')
  return running
}

async function waiting(count: number): Promise<void> {
  await until(
    () => observe().agents.filter(({ waits }) => waits.length > 0).length === count,
    `${count} wait`,
  )
}

test('nothing is made by looking, and no place in the registry is taken', async () => {
  const nothing = { status: 0, out: '', err: 'ipc: nothing has a name here\n' }
  expect(await bench.ipc('ls')).toMatchObject(nothing)
  expect((await bench.ipc('prune')).status).toBe(0)
  expect((await bench.ipc('rm', 'a')).status).toBe(1)
  expect((await bench.ipc('clear', 'a')).status).toBe(0)
  expect((await bench.ipc('names')).out).toBe('')
  expect(existsSync(bench.directory)).toBe(false)
  await bench.ipc('set', 'a')
  const registry = (): Buffer => readFileSync(join(bench.directory, '.registry'))
  const before = registry()
  await bench.ipc('ls')
  await bench.ipc('top', '--count', '3', '--delay', '10ms')
  expect(registry().equals(before)).toBe(true)
})

test('each kind says what it is', async () => {
  await bench.ipc('set', 'ready')
  const jobs = BoundedSemaphore.open('jobs', { value: 3 })
  jobs.acquire()
  const index = RWLock.open('index')
  index.reader.acquire()
  const stage = Barrier.open('stage', { parties: 2 })
  const event = Event.open('later')
  const pending = event.waitAsync()
  const { objects } = await json()
  const of = (name: string): unknown => objects.find((object) => object.name === name)
  const { pid } = process
  expect(of('ready')).toMatchObject({ kind: 'event', state: 'set', holders: [] })
  expect(of('jobs')).toMatchObject({ state: '2 of 3 free', holders: [{ pid, since: null }] })
  expect(of('index')).toMatchObject({ kind: 'rwlock', state: 'read', holders: [{ pid }] })
  expect(of('stage')).toMatchObject({ kind: 'barrier', state: '0 of 2 here' })
  expect(of('later')).toMatchObject({ state: 'not set', waiters: [{ pid, blocked: false }] })
  event.set()
  await pending
  expect((await json()).objects.find(({ name }) => name === 'later')?.waiters).toEqual([])
  jobs.release()
  index.reader.release()
  for (const object of [jobs, index, stage, event]) object.close()
})

test('who has died holding something', async () => {
  const one = await hold('blocked', 'a')
  one.child.kill('SIGKILL')
  await one.ended
  const [object] = (await json()).objects
  expect(object).toMatchObject({
    name: 'a',
    state: 'abandoned',
    holders: [],
    dead: [{ pid: one.pid }],
  })
  expect((await bench.ipc('ls', 'a')).out).toMatch(/lock +a +abandoned.*\n +died +\d+ +holding it/)
})

describe('a deadlock', () => {
  test('of three processes over three locks, in words and for programs', async () => {
    const three = await Promise.all([
      hold('blocked', 'a', 'b'),
      hold('blocked', 'b', 'c'),
      hold('blocked', 'c', 'a'),
    ])
    for (const { child } of three) child.kill('SIGUSR2') // now all of them hold a lock, and go on
    await waiting(3)
    const [a, b, c] = three.map(({ pid }) => pid) as [number, number, number]
    const { deadlocks } = await json()
    expect(deadlocks).toHaveLength(1)
    expect(deadlocks[0]).toMatchObject({ certain: true })
    const circle = deadlocks[0]!.circle.map(({ pid, waitsFor, heldBy }) => [
      pid,
      waitsFor?.name,
      heldBy,
    ])
    expect(circle.toSorted((x, y) => Number(x[0]) - Number(y[0]))).toEqual(
      [
        [a, 'b', b],
        [b, 'c', c],
        [c, 'a', a],
      ].toSorted((x, y) => Number(x[0]) - Number(y[0])),
    )
    const { out } = await bench.ipc('ls')
    expect(out).toMatch(/^Deadlock of 3: \d+ \(node holder\.mjs blocked . .\) waits for lock "."/)
    for (const pid of [a, b, c]) expect(out).toContain(`which ${pid} holds`)
    three[0].child.kill('SIGKILL') // this ends the deadlock: the others go on, one after another
    await three[2].says('has both')
    expect((await json()).deadlocks).toEqual([])
  })

  test('of promises is perhaps one', async () => {
    const two = await Promise.all([hold('promised', 'a', 'b'), hold('promised', 'b', 'a')])
    for (const { child } of two) child.kill('SIGUSR2')
    await waiting(2)
    expect((await json()).deadlocks).toMatchObject([{ certain: false }])
  })

  test('of commands that ipc runs', async () => {
    const one = bench.start(
      'run',
      'a',
      '--',
      'sh',
      '-c',
      'echo up; sleep 1; exec $IPC run b -- true',
    )
    await one.says('up')
    bench.start('run', 'b', '--', 'sh', '-c', 'exec $IPC run a -- true')
    await waiting(2)
    const { deadlocks } = await json()
    expect(deadlocks).toMatchObject([{ certain: true }])
    expect(deadlocks[0]!.circle.filter(({ runs }) => runs !== null)).toHaveLength(2)
    expect(deadlocks[0]!.circle.filter(({ waitsFor }) => waitsFor !== null)).toHaveLength(2)
  })

  test('is none where somebody can go on', async () => {
    const [first] = await Promise.all([hold('blocked', 'a'), hold('blocked', 'b', 'a')])
    for (const { pid } of observe().agents) process.kill(pid, 'SIGUSR2')
    await waiting(1)
    expect((await json()).deadlocks).toEqual([])
    expect(first.out).toBe('holds\n')
  })
})

const hasTmux = spawnSync('tmux', ['-V']).status === 0
if (!hasTmux) process.stdout.write('  NOT TESTED: ipc in a terminal, for want of tmux\n')

describe.runIf(hasTmux)('in a terminal', () => {
  // Each has a server of its own: one that was just told to end still takes a new session, which ends too.
  let servers = 0
  const tmux = (...args: string[]): string => {
    const server = `ipc-test-${process.pid}-${servers}`
    const { status, stdout, stderr } = spawnSync('tmux', ['-L', server, ...args], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`)
    return stdout
  }

  beforeEach(() => {
    servers++
  })

  afterEach(() => {
    tmux('kill-server')
  })

  test.each([120, 40])(
    'top, %i columns wide: shows who holds, keeps to the width, ends with q',
    async (width) => {
      const lock = Lock.open('nightly')
      lock.acquire()
      const command = `IPC_DIR=${bench.directory} ${bench.ipcCommand} top; echo left; exec sleep 60`
      tmux('new-session', '-d', '-x', String(width), '-y', '12', command)
      const shown = (): string => tmux('capture-pane', '-p')
      const holder = new RegExp(`held by +${process.pid} .*node`)
      await until(() => holder.test(shown()), 'it shows the holder')
      expect(shown()).toMatch(/^ipc top {2}\d\d:\d\d:\d\d {2}1 object/)
      expect(
        Math.max(
          ...shown()
            .split('\n')
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(width)
      tmux('send-keys', 'q')
      await until(() => shown().includes('left'), 'it has ended')
      expect(shown()).not.toContain('held by')
      lock.release()
      lock.close()
    },
  )

  test('run leaves it as the command has set it', async () => {
    const command = `IPC_DIR=${bench.directory} ${bench.ipcCommand} run a -- stty -echo; stty -a; exec sleep 60`
    tmux('new-session', '-d', '-x', '100', '-y', '20', command)
    let echo: string | undefined
    await until(() => {
      echo = /(-?)\becho\b/.exec(tmux('capture-pane', '-p'))?.[1]
      return echo !== undefined
    }, 'it says how it is set')
    expect(echo).toBe('-')
  })
})

const canUnshare = spawnSync('unshare', ['-p', '-f', '--mount-proc', 'true']).status === 0
if (!canUnshare) process.stdout.write('  NOT TESTED: other pid namespaces (unshare needs root)\n')

describe.runIf(canUnshare)('a process of another pid namespace, as in a container', () => {
  const inside = (...command: string[]): Running =>
    bench.program('unshare', ['-p', '-f', '--kill-child', '--mount-proc', ...command])

  test('is called by its number there, and not mistaken for the one that has it here', async () => {
    const running = inside(process.execPath, HOLDER, 'promised', 'theirs')
    await running.says('holds')
    const { out } = await bench.ipc('ls')
    expect(out).toMatch(/held by +1 +\(pid 1 of another namespace\)\n/)
    const { objects } = JSON.parse((await bench.ipc('ls', '--json')).out) as {
      objects: [Record<string, unknown>]
    }
    expect(objects[0]).toMatchObject({
      holders: [{ pid: 1, foreign: true, command: null, processSince: null }],
      users: [],
      foreignUsers: [1],
    })
    const message = 'another process has it open (pid 1 of another namespace)'
    expect(await bench.ipc('rm', 'theirs')).toMatchObject({
      status: 1,
      err: `ipc: theirs: ${message}\n`,
    })
    expect(() => Lock.unlink('theirs')).toThrow(message)
    const lock = Lock.open('theirs')
    expect(lock.inspect().owner).toEqual({ pid: 1, threadId: 0, alive: true, foreign: true })
    expect(() => lock.release()).toThrow('held by pid 1 of another namespace, thread 0')
    lock.close()
    running.child.kill('SIGKILL')
    await running.ended
    await until(() => !Lock.open('theirs').locked, 'it has died')
    expect((await bench.ipc('ls')).out).toMatch(
      /died +1 +holding it +\(pid 1 of another namespace\)/,
    )
  })

  test('and what it runs under a lock is none of the processes here', async () => {
    inside('sh', '-c', '$IPC run theirs -- sleep 60')
    await until(() => observe().agents.some(({ command }) => command !== null), 'it runs')
    const [agent] = observe().agents
    expect(agent).toMatchObject({ foreign: true })
    const { objects } = JSON.parse((await bench.ipc('ls', '--json')).out) as {
      objects: [{ holders: [{ runs: object }] }]
    }
    expect(objects[0].holders[0].runs).toEqual({
      pid: agent!.command!.pid,
      foreign: true,
      command: null,
    })
  })
})
