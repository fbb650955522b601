/** Beside the threads of other native code, as a small addon has them. */
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'ipc-signals-'))
const addon = join(directory, 'threads.node')
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
const hasCompiler = spawnSync('cc', ['--version']).status === 0
const canUnshare = spawnSync('unshare', ['-p', '-f', 'true']).status === 0

/** More than enough; what takes long on a busy machine takes it. */
const WATCHDOG_MS = 240_000

interface Outcome {
  readonly printed: unknown[]
  readonly ended: string | number | null
}

function run(argv: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: WATCHDOG_MS / 2,
      killSignal: 'SIGKILL', // it may block the others
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('close', (code, signal) => {
      const printed = text.split('\n').filter(Boolean)
      resolve({
        printed: printed.map((line) => JSON.parse(line) as unknown),
        ended: signal ?? code,
      })
    })
  })
}

const among = (...argv: string[]): string[] => [
  process.execPath,
  fixture('among-threads.mjs'),
  addon,
  ...argv,
]

afterAll(() => rmSync(directory, { recursive: true }))

describe.runIf(hasCompiler)('among threads of other native code', { timeout: WATCHDOG_MS }, () => {
  beforeAll(() => {
    const headers = createRequire(
      fileURLToPath(new URL('../../../native/package.json', import.meta.url)),
    ).resolve('node-api-headers')
    const built = spawnSync(
      'cc',
      [
        '-std=c11',
        '-O1',
        '-Wall',
        '-Wno-deprecated-declarations',
        '-fPIC',
        '-shared',
        '-pthread',
        `-I${join(dirname(headers), 'include')}`,
        '-o',
        addon,
        fixture('threads.c'),
      ],
      { encoding: 'utf8' },
    )
    expect(built.stderr).toBe('')
  })

  test.each(['signal', 'mask', 'handled-before'])(
    'none of their sleeps ends with EINTR: %s',
    async (what) => {
      expect(await run(among('sleeps', what))).toEqual({ printed: [[-1, -1, -1]], ended: 0 })
    },
  )

  test.each(['none', 'poll', 'vfork', 'shut', 'busy', 'pause', 'younger'])(
    'a blocked SIGTERM waits, and real-time signals keep their order, beside a thread: %s',
    async (how) => {
      const pending = ['SIGTERM', 'SIGRTMIN']
      expect(await run(among('blocked', how))).toEqual({
        printed: [{ pending, still: ['SIGTERM'], inOrder: true }],
        ended: 'SIGTERM',
      })
    },
  )

  test('a niced process on a busy machine keeps what is blocked', async () => {
    const others = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ['-e', 'for (const end = Date.now() + 15000; Date.now() < end;);']),
    )
    try {
      for (let i = 0; i < 3; i++) {
        expect(await run(['nice', '-n', '19', ...among('blocked', 'none')])).toMatchObject({
          printed: [{ pending: ['SIGTERM', 'SIGRTMIN'] }],
          ended: 'SIGTERM',
        })
      }
    } finally {
      for (const other of others) other.kill('SIGKILL')
    }
  })

  test.runIf(canUnshare)('in a PID namespace with the /proc of another one', async () => {
    const argv = among('blocked', 'none').map((word) => `'${word}'`)
    const { printed } = await run(['unshare', '-p', '-f', 'sh', '-c', `${argv.join(' ')}; :`])
    expect(printed).toEqual([
      { pending: ['SIGTERM', 'SIGRTMIN'], still: ['SIGTERM'], inOrder: true },
    ])
  })

  test('every thread of Node’s comes to block what is blocked', async () => {
    expect(await run(among('shown'))).toEqual({ printed: [true], ended: 0 })
  })

  test('a signal for the child of a thread’s vfork is the child’s', async () => {
    expect(await run(among('vfork'))).toEqual({
      printed: [{ ended: 15, seen: ['SIGTERM'] }],
      ended: 0,
    })
  })

  test('a forged code makes the main thread block nothing, and is told as it came', async () => {
    expect(await run(among('forged'))).toEqual({
      printed: [{ seen: [-7171, -7500, 'SIGUSR2'], blocks: false }],
      ended: 0,
    })
  })

  test.each([
    ['default', 'default'],
    ['ignore', 'ignore'],
    ['handler', 'other'],
  ])('getSignal tells of a sigaction by others: %s', async (how, says) => {
    expect(await run(among('taken', how))).toEqual({
      printed: [{ says, again: 'ours', calls: 1, at: says }],
      ended: 0,
    })
  })
})
