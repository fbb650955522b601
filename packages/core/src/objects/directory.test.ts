/**
 * These tests say where named objects are: in one directory per process, whichever thread asks first and
 * wherever it has gone since. If a directory will not do, `processScope` says so before anybody opens
 * anything.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const NO_THREAD = fileURLToPath(new URL('../fixtures/no-thread.mjs', import.meta.url))
const NOBODY = 65534
const isRoot = process.geteuid?.() === 0
/** False where the checkout is in somebody's closed folder. */
const canBeNobody =
  isRoot &&
  spawnSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', 'test', '-r', NO_THREAD]).status ===
    0
const canMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0
if (!canMount) process.stdout.write('  NOT TESTED: what needs root and mounts\n')
if (!canBeNobody) process.stdout.write('  NOT TESTED: what needs a second user\n')

/** This is not below the folder of another user, so that every user can go there. */
let home: string

beforeEach(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'ipc-directory-'))
  fs.chmodSync(home, 0o777)
})

afterEach(() => {
  fs.rmSync(home, { recursive: true, force: true })
})

const PRELUDE = `
  import { chdir } from 'node:process'
  import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
  import { once } from 'node:events'
  import { Worker } from 'node:worker_threads'
  import { SharedMemory, list, processScope } from '@ipc/core'
  const core = import.meta.resolve('@ipc/core')
  const say = (value) => console.log(JSON.stringify(value))
  const open = () => SharedMemory.open('it', { byteLength: 4 })
  const tried = (call) => {
    try { call(); return 'opened' } catch ({ code, syscall, message }) { return { code, syscall, message } }
  }
  const whereIsIt = () => open().handle.directory
  const inWorker = async (options) => {
    const source = \`
      const { parentPort, workerData } = require('node:worker_threads')
      import(workerData).then(({ SharedMemory }) =>
        parentPort.postMessage(SharedMemory.open('it', { byteLength: 4 }).handle.directory))\`
    const worker = new Worker(source, { eval: true, execArgv: [], workerData: core, ...options })
    const [directory] = await once(worker, 'message')
    await worker.terminate()
    return directory
  }
`

interface How {
  readonly env?: NodeJS.ProcessEnv
  /** The user as whom it runs, when we are root. */
  readonly uid?: number
  /** A command that runs before it, in a mount namespace of its own. */
  readonly mounted?: string
}

function said(program: string, { env = {}, uid, mounted }: How = {}): unknown {
  const node = [process.execPath, '--input-type=module', '--eval', PRELUDE + program]
  const user = uid === undefined || !isRoot ? [] : ['setpriv', `--reuid=${uid}`, '--clear-groups']
  const command = [...user, ...node]
  const [file, ...args] =
    mounted === undefined
      ? command
      : ['unshare', '-m', 'sh', '-c', `${mounted}\nexec "$@"`, 'sh', ...command]
  const { IPC_DIR: _, ...rest } = process.env
  const text = execFileSync(file!, args, { cwd: HERE, env: { ...rest, ...env }, encoding: 'utf8' })
  return JSON.parse(text)
}

describe('one directory per process', () => {
  test('a relative IPC_DIR is what it was when the package was loaded, also after chdir', () => {
    const program = `
      mkdirSync(process.argv[1] + '/elsewhere')
      const started = process.cwd()
      chdir(process.argv[1] + '/elsewhere')
      const first = whereIsIt()
      chdir('/')
      say({ first, second: whereIsIt(), worker: await inWorker(), bare: await inWorker({ env: {} }) })
    `.replaceAll('process.argv[1]', JSON.stringify(home))
    const relative = `ipc-relative-${process.pid}`
    const expected = join(HERE, relative)
    try {
      expect(said(program, { env: { IPC_DIR: relative } })).toEqual({
        first: expected,
        second: expected,
        worker: expected,
        bare: expected,
      })
    } finally {
      fs.rmSync(expected, { recursive: true, force: true })
    }
  })

  test('one that is set after loading is what it was when it was first used', () => {
    expect(
      said(`
        chdir(${JSON.stringify(home)})
        process.env.IPC_DIR = './a'
        const first = whereIsIt()
        mkdirSync('b')
        chdir('b')
        say([first, whereIsIt(), await inWorker({ env: { IPC_DIR: './a' } })])
      `),
    ).toEqual([join(home, 'a'), join(home, 'a'), join(home, 'a')])
  })

  test('a worker without IPC_DIR uses that of the process, whoever comes first', () => {
    const program = (order: string): string => `
      const found = {}
      for (const who of ${order}) {
        found[who] = who === 'main' ? whereIsIt() : await inWorker({ env: {} })
      }
      say(found)
    `
    const directory = join(home, 'ipc')
    for (const order of [`['main', 'worker']`, `['worker', 'main']`]) {
      expect(said(program(order), { env: { IPC_DIR: directory } })).toEqual({
        main: directory,
        worker: directory,
      })
    }
    expect(
      said(`process.env.IPC_DIR = ${JSON.stringify(directory)}\n${program(`['worker', 'main']`)}`),
    ).toEqual({ main: directory, worker: directory })
  })

  test('a directory that a program names later is what it says', () => {
    const [a, b] = [join(home, 'a'), join(home, 'b')]
    expect(
      said(
        `
        const first = whereIsIt()
        process.env.IPC_DIR = ${JSON.stringify(b)}
        say([first, whereIsIt(), await inWorker({ env: {} }), await inWorker({ env: { IPC_DIR: ${JSON.stringify(a)} } })])
      `,
        { env: { IPC_DIR: a } },
      ),
    ).toEqual([a, b, b, a])
  })
})

describe('modes', () => {
  const users = canBeNobody ? [undefined, NOBODY] : [undefined]

  for (const umask of [0o000, 0o177, 0o277, 0o377, 0o477, 0o777]) {
    test(`under a umask of ${umask.toString(8)} all is made as it should be, and stays of use`, () => {
      for (const uid of users) {
        const directory = join(home, `ipc-${uid ?? 'me'}`)
        const program = `
          process.umask(${umask})
          open().close()
          SharedMemory.create({ byteLength: 4 })
          const mode = (path) => (statSync(path).mode & 0o7777).toString(8)
          const files = readdirSync(process.env.IPC_DIR)
          say({
            directory: mode(process.env.IPC_DIR),
            files: [...new Set(files.map((file) => mode(process.env.IPC_DIR + '/' + file)))],
            umask: process.umask(),
          })
        `
        const expected = { directory: '700', files: ['600'], umask }
        const how = { env: { IPC_DIR: directory }, ...(uid === undefined ? {} : { uid }) }
        expect(said(program, how)).toEqual(expected)
        expect(said(program, how)).toEqual(expected)
      }
    })

    test(`what such a umask left of the directory is mended: ${umask.toString(8)}`, () => {
      for (const uid of users) {
        const directory = join(home, `closed-${uid ?? 'me'}`)
        fs.mkdirSync(directory)
        if (uid !== undefined) fs.chownSync(directory, uid, uid)
        const left = 0o700 & ~umask
        fs.chmodSync(directory, left)
        const how = { env: { IPC_DIR: directory }, ...(uid === undefined ? {} : { uid }) }
        const mode = (): number => fs.statSync(directory).mode & 0o7777

        // Only a caller that would make the directory mends it: not one that looks, and not one that asks.
        said(`say([tried(list), processScope.supported])`, how)
        said(`say(tried(() => SharedMemory.open('it')))`, how)
        expect(mode()).toBe(left)
        expect(said(`say([processScope.supported, tried(open)])`, how)).toEqual([true, 'opened'])
        expect(mode()).toBe(0o700)
      }
    })
  }

  test('a directory that is open to others is not closed to them: it is refused', () => {
    fs.mkdirSync(join(home, 'open'))
    fs.chmodSync(join(home, 'open'), 0o070)
    const answer = said(`say([processScope.supported, tried(open)])`, {
      env: { IPC_DIR: join(home, 'open') },
    })
    expect(answer).toMatchObject([false, { code: 'ERR_IPC_UNSAFE_DIRECTORY' }])
    expect(fs.statSync(join(home, 'open')).mode & 0o7777).toBe(0o070)
  })
})

describe('processScope is asked truly, and makes nothing', () => {
  const ASK = `
    const { supported, reason } = processScope
    const before = existsSync(process.env.IPC_DIR ?? '/nowhere')
    const again = processScope.supported
    const thread = new SharedMemory({ byteLength: 4 }).byteLength
    say({ supported, reason, again, before, tried: tried(open), thread })
  `
  interface Answer {
    supported: boolean
    reason: string | null
    again: boolean
    before: boolean
    tried: 'opened' | { code: string; syscall?: string; message: string }
    thread: number
  }
  const ask = (how: How): Answer => said(ASK, how) as Answer

  /** The code that asking and opening agree on, if both name the way out; otherwise all that was said. */
  function refusal(answer: Answer): unknown {
    const { supported, again, reason, tried, thread } = answer
    const isRefused = !supported && !again && thread === 4 && tried !== 'opened'
    if (!isRefused || !reason?.includes('IPC_DIR') || !tried.message.includes('IPC_DIR'))
      return answer
    return tried.code
  }

  test('where it works', () => {
    const directory = join(home, 'ipc')
    const first = ask({ env: { IPC_DIR: directory } })
    expect(first).toMatchObject({ supported: true, reason: null, before: false, tried: 'opened' })
    expect(ask({ env: { IPC_DIR: directory } })).toMatchObject({ supported: true, before: true })
  })

  test('where there is nothing that it could be made in, or a file', () => {
    expect(refusal(ask({ env: { IPC_DIR: join(home, 'no', 'where') } }))).toBe('ENOENT')
    fs.writeFileSync(join(home, 'file'), '')
    expect(refusal(ask({ env: { IPC_DIR: join(home, 'file') } }))).toBe('ERR_IPC_UNSAFE_DIRECTORY')
    expect(refusal(ask({ env: { IPC_DIR: join(home, 'file', 'below') } }))).toBe('ENOTDIR')
    fs.chmodSync(home, 0o755)
    expect(refusal(ask({ env: { IPC_DIR: home } }))).toBe('ERR_IPC_UNSAFE_DIRECTORY')
  })

  test('a damaged registry; one that another version left behind is no hindrance', () => {
    const directory = join(home, 'ipc')
    const env = { IPC_DIR: directory }
    ask({ env })
    const registry = fs.openSync(join(directory, '.registry'), 'r+')
    fs.writeSync(registry, new Uint8Array(Int32Array.of(1).buffer), 0, 4, 8)
    expect(ask({ env })).toMatchObject({ supported: true, tried: 'opened' })
    fs.closeSync(registry)
    fs.truncateSync(join(directory, '.registry'), 100)
    expect(ask({ env })).toMatchObject({ supported: false, tried: { code: 'ERR_IPC_CORRUPT' } })
  })

  test.runIf(canBeNobody)('where this user may not write', () => {
    fs.chmodSync(home, 0o755)
    expect(refusal(ask({ env: { IPC_DIR: join(home, 'ipc') }, uid: NOBODY }))).toBe('EACCES')
    fs.mkdirSync(join(home, 'theirs'), { mode: 0o700 })
    const theirs = ask({ env: { IPC_DIR: join(home, 'theirs') }, uid: NOBODY })
    expect(refusal(theirs)).toBe('ERR_IPC_UNSAFE_DIRECTORY')
  })

  describe.runIf(canMount)('file systems', () => {
    const mount = (options: string): string =>
      `mkdir -p ${home}/fs && mount -t tmpfs -o ${options} none ${home}/fs`
    const there = (): How => ({ env: { IPC_DIR: join(home, 'fs') } })
    const below = (): How => ({ env: { IPC_DIR: join(home, 'fs', 'ipc') } })

    test('read-only', () => {
      const mounted = mount('ro,mode=0700')
      expect(refusal(ask({ ...there(), mounted }))).toBe('EROFS')
      expect(refusal(ask({ ...below(), mounted }))).toBe('EROFS')
    })

    test('read-only, with a directory that was used', () => {
      const directory = join(home, 'used')
      ask({ env: { IPC_DIR: directory } })
      const mounted = `mount --bind ${home} ${home} && mount -o remount,ro,bind ${home}`
      expect(refusal(ask({ env: { IPC_DIR: directory }, mounted }))).toBe('EROFS')
    })

    test('full', () => {
      const mounted = mount('size=64k,mode=0700')
      expect(refusal(ask({ ...there(), mounted }))).toBe('ENOSPC')
      expect(refusal(ask({ ...below(), mounted }))).toBe('ENOSPC')
    })

    test('noexec, nosuid and nodev are no hindrance', () => {
      const mounted = mount('noexec,nosuid,nodev,mode=0700')
      expect(ask({ ...there(), mounted })).toMatchObject({ supported: true, tried: 'opened' })
      expect(ask({ ...below(), mounted })).toMatchObject({ supported: true, tried: 'opened' })
    })

    test('no /dev/shm, where IPC_DIR is not set', () => {
      const mounted =
        'mount -t tmpfs none /dev && touch /dev/null /dev/urandom && mkdir /dev/fd || exit 1'
      expect(refusal(ask({ mounted }))).toBe('ENOENT')
    })

    test('no /proc: it says so, and thread scope works', () => {
      const answer = ask({
        env: { IPC_DIR: join(home, 'ipc') },
        mounted: 'mount -t tmpfs none /proc',
      })
      expect(answer).toMatchObject({
        supported: false,
        tried: { code: 'ERR_IPC_UNSUPPORTED' },
        thread: 4,
      })
      expect(answer.reason).toContain('/proc')
      expect(fs.readdirSync(home)).toEqual(expect.not.arrayContaining(['.registry']))
    })
  })
})

test('that no parking thread can be started is told with its errno, and is not for ever', async () => {
  const env = { ...process.env, IPC_DIR: join(home, 'ipc') }
  const { stdout } = await promisify(execFile)(process.execPath, [NO_THREAD], { env })
  expect(JSON.parse(stdout)).toEqual({
    refused: {
      code: 'ERR_IPC_FULL',
      errno: -11,
      syscall: 'pthread_create',
      message: expect.stringMatching(/cannot be started.*EAGAIN/) as string,
    },
    later: 'asleep',
  })
})
