/**
 * A file in the directory may be anything: damaged, somebody else's, removed at any time, or not made to
 * the end. Each such file gives a clear error with a code, and nothing that is good is touched.
 */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Company, Died, NIGHTLY, until, within } from '../fixtures/actors.mjs'
import { list } from '../outside/list.ts'
import { SharedMemory } from './shared-memory.ts'

const FIXTURE = new URL('../fixtures/files.mjs', import.meta.url)
const NOBODY_UID = 65534
const isRoot = process.geteuid?.() === 0
if (!isRoot)
  process.stdout.write('  NOT TESTED: what needs root (other owners, a full file system)\n')

let company: Company
let directory: string

beforeEach(() => {
  company = new Company(FIXTURE)
  directory = process.env['IPC_DIR'] = join(company.home, 'ipc')
})

afterEach(async () => {
  await company.end()
})

const path = (file: string): string => join(directory, file)
const files = (): string[] => fs.readdirSync(directory).toSorted()

/** The error that opening throws. */
function failure(open: () => unknown): { code: string; message: string; path?: string } {
  try {
    open()
  } catch (error) {
    return error as { code: string; message: string; path?: string }
  }
  throw new Error('it did not throw')
}

const openIt = (byteLength = 64): SharedMemory => SharedMemory.open('it', { byteLength })

function write(content: Buffer, mode = 0o600): void {
  fs.writeFileSync(path('memory.it'), content)
  fs.chmodSync(path('memory.it'), mode)
}

function with32(content: Buffer, word: number, value: number): Buffer {
  const copy = Buffer.from(content)
  copy.writeInt32LE(value, word * 4)
  return copy
}

/** How many descriptors this process has, or mappings of objects. */
function count(what: 'fd' | 'maps'): number {
  if (what === 'fd') return fs.readdirSync('/proc/self/fd').length
  const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\n')
  return maps.filter((line) => line.includes('memory.')).length
}

/** A process in the directory of this test. */
async function hire(): Promise<Awaited<ReturnType<Company['hire']>>> {
  company.directory = directory
  return await company.hire()
}

/** A sound object that nobody has open. */
async function leaveIt(word = 7): Promise<Buffer> {
  const actor = await hire()
  await actor.call('open', 'it', 64, word)
  await actor.kill()
  return fs.readFileSync(path('memory.it'))
}

describe('a directory that is not ours alone', () => {
  test.runIf(isRoot)(
    'ERR_IPC_UNSAFE_DIRECTORY if it belongs to someone else, whose name is told',
    () => {
      fs.mkdirSync(directory, { mode: 0o700 })
      fs.chownSync(directory, NOBODY_UID, NOBODY_UID)
      const error = failure(openIt)
      expect(error.code).toBe('ERR_IPC_UNSAFE_DIRECTORY')
      expect(error.message).toContain(String(NOBODY_UID))
      expect(files()).toEqual([])
    },
  )

  for (const mode of [0o770, 0o707, 0o1777, 0o750, 0o701]) {
    test(`ERR_IPC_UNSAFE_DIRECTORY if its mode is ${mode.toString(8)}`, () => {
      fs.mkdirSync(directory)
      fs.chmodSync(directory, mode)
      expect(failure(openIt)).toMatchObject({ code: 'ERR_IPC_UNSAFE_DIRECTORY' })
      expect(files()).toEqual([])
      expect(fs.statSync(directory).mode & 0o7777).toBe(mode)
    })
  }

  test('ERR_IPC_UNSAFE_DIRECTORY if it is a symbolic link, also with a slash at the end', () => {
    const real = join(company.home, 'real')
    fs.mkdirSync(real, { mode: 0o700 })
    fs.symlinkSync(real, directory)
    expect(failure(openIt).code).toBe('ERR_IPC_UNSAFE_DIRECTORY')
    process.env['IPC_DIR'] = `${directory}/`
    expect(failure(openIt).code).toBe('ERR_IPC_UNSAFE_DIRECTORY')
    expect(fs.readdirSync(real)).toEqual([])
  })

  test('ERR_IPC_UNSAFE_DIRECTORY if it is a file; ENOENT if there is nothing it could be made in', () => {
    fs.writeFileSync(directory, 'mine')
    expect(failure(openIt).code).toBe('ERR_IPC_UNSAFE_DIRECTORY')
    expect(fs.readFileSync(directory, 'utf8')).toBe('mine')
    process.env['IPC_DIR'] = join(company.home, 'no', 'where')
    expect(failure(openIt)).toMatchObject({ code: 'ENOENT', syscall: 'mkdir' })
  })

  test('is made 0700 whatever the umask, and its files 0600', () => {
    const umask = process.umask(0o277)
    try {
      openIt().close()
    } finally {
      process.umask(umask)
    }
    // mkdir obeys the umask; what it leaves must still be ours alone.
    expect(fs.statSync(directory).mode & 0o077).toBe(0)
    for (const file of files()) expect(fs.statSync(path(file)).mode & 0o7777).toBe(0o600)
  })
})

describe('something else in place of an object', () => {
  const damages: [string, (sound: Buffer) => void, string][] = [
    ['a symbolic link', () => fs.symlinkSync('/etc/passwd', path('memory.it')), 'ERR_IPC_CORRUPT'],
    ['a link to nothing', () => fs.symlinkSync('/no/where', path('memory.it')), 'ERR_IPC_CORRUPT'],
    ['a pipe', () => spawnSync('mkfifo', ['-m', '600', path('memory.it')]), 'ERR_IPC_CORRUPT'],
    ['a directory', () => fs.mkdirSync(path('memory.it')), 'ERR_IPC_CORRUPT'],
    ['an empty file', () => write(Buffer.alloc(0)), 'ERR_IPC_CORRUPT'],
    ['garbage', () => write(Buffer.alloc(8192, 'garbage')), 'ERR_IPC_CORRUPT'],
    ['a file of zeros', () => write(Buffer.alloc(8192)), 'ERR_IPC_CORRUPT'],
    ['one that was cut in its header', (sound) => write(sound.subarray(0, 50)), 'ERR_IPC_CORRUPT'],
    ['one that was cut', (sound) => write(sound.subarray(0, 4096)), 'ERR_IPC_CORRUPT'],
    ['one that is too long', (sound) => write(Buffer.concat([sound, sound])), 'ERR_IPC_CORRUPT'],
    ['a lying length', (sound) => write(with32(sound, 9, 1 << 20)), 'ERR_IPC_CORRUPT'],
    ['a negative length', (sound) => write(with32(sound, 9, -1)), 'ERR_IPC_CORRUPT'],
    ['another layout', (sound) => write(with32(sound, 1, 99)), 'ERR_IPC_CORRUPT'],
    ['another kind', (sound) => write(with32(sound, 2, 0x6b636f6c)), 'ERR_IPC_KIND_MISMATCH'],
    ['a kind that is no word', (sound) => write(with32(sound, 2, 0x01020304)), 'ERR_IPC_CORRUPT'],
    ['the wrong mode', (sound) => write(sound, 0o640), 'ERR_IPC_CORRUPT'],
    ['a file that cannot be written', (sound) => write(sound, 0o400), 'ERR_IPC_CORRUPT'],
    [
      'a file with two names',
      (sound) => {
        write(sound)
        fs.linkSync(path('memory.it'), path('other'))
      },
      'ERR_IPC_CORRUPT',
    ],
  ]
  if (isRoot) {
    damages.push([
      'somebody else’s file',
      (sound) => {
        write(sound)
        fs.chownSync(path('memory.it'), NOBODY_UID, NOBODY_UID)
      },
      'ERR_IPC_CORRUPT',
    ])
  }

  for (const [what, damage, code] of damages) {
    test(`${what}: ${code}, nothing overwritten, and the others work`, async () => {
      const good = SharedMemory.open('good', { byteLength: 64 })
      new Int32Array(good.buffer)[0] = 42
      const sound = await leaveIt()
      fs.rmSync(path('memory.it'))
      damage(sound)
      const before = fs.lstatSync(path('memory.it'))
      const content = before.isFile() ? fs.readFileSync(path('memory.it')) : null
      const listing = files()

      const error = failure(openIt)
      expect(error).toMatchObject({ code, path: path('memory.it') })
      expect(error.message).toContain('memory.it')
      expect(failure(() => SharedMemory.open('it')).code).toBe(code)

      expect(files()).toEqual(listing)
      const after = fs.lstatSync(path('memory.it'))
      expect([after.ino, after.mode, after.size]).toEqual([before.ino, before.mode, before.size])
      expect(content === null || fs.readFileSync(path('memory.it')).equals(content)).toBe(true)
      expect(list().map(({ name }) => name)).toEqual(['good'])
      expect(new Int32Array(good.buffer)[0]).toBe(42)
      good.close()
    })
  }

  test('unlink({ force: true }) removes what is damaged, so that the name is of use again', async () => {
    await leaveIt()
    write(Buffer.alloc(100, 'x'))
    expect(failure(() => SharedMemory.unlink('it')).code).toBe('ERR_IPC_CORRUPT')
    expect(SharedMemory.unlink('it', { force: true })).toBe(true)
    const memory = openIt()
    expect(new Int32Array(memory.buffer)[0]).toBe(0)
    memory.close()
  })
})

describe('options', () => {
  test('other ones: ERR_IPC_OPTIONS_MISMATCH while it is in use; made anew when it is not', async () => {
    const user = await hire()
    await user.call('open', 'it', 64, 5)
    expect(failure(() => openIt(128)).code).toBe('ERR_IPC_OPTIONS_MISMATCH')
    expect(await user.call('read')).toBe(5)
    await user.kill()
    const memory = openIt(128)
    expect(memory.byteLength).toBe(128)
    expect(new Int32Array(memory.buffer)[0]).toBe(0)
    memory.close()
  })

  test('the same after the death of all users: what they wrote is there', async () => {
    await leaveIt(9)
    const memory = openIt()
    expect(new Int32Array(memory.buffer)[0]).toBe(9)
    memory.close()
  })
})

describe.runIf(isRoot)('a full file system', () => {
  test('ENOSPC at open, with nothing left behind; not SIGBUS at the first touch', async () => {
    const mount = join(company.home, 'mount')
    fs.mkdirSync(mount)
    const mounted = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      'size=1300k,mode=0700',
      'tmpfs',
      mount,
    ])
    if (mounted.status !== 0) {
      process.stdout.write(`  NOT TESTED: a full file system (mount: ${String(mounted.stderr)})\n`)
      return
    }
    try {
      directory = mount
      const actor = await hire()
      await actor.call('open', 'small', 64, 1)
      const listing = files()
      const big = (await actor
        .call('open', 'big', 1 << 20, 1)
        .catch((error: unknown) => error)) as {
        code: string
      }
      expect(big.code).toBe('ENOSPC')
      expect(files()).toEqual(listing)
      fs.writeFileSync(path('filler'), Buffer.alloc(100 * 1024))
      fs.rmSync(path('filler'))
      expect(await actor.call('open', 'other', 64, 3)).toBe(3)
    } finally {
      await company.stop()
      expect(spawnSync('umount', [mount]).status).toBe(0)
    }
  })

  test('ENOSPC for the registry itself, with nothing left behind', async () => {
    const mount = join(company.home, 'mount')
    fs.mkdirSync(mount)
    if (
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=100k,mode=0700', 'tmpfs', mount]).status !== 0
    ) {
      return
    }
    try {
      directory = mount
      const actor = await hire()
      const error = (await actor.call('open', 'it', 64, 1).catch((e: unknown) => e)) as {
        code: string
      }
      expect(error.code).toBe('ENOSPC')
      expect(files()).toEqual([])
    } finally {
      await company.stop()
      expect(spawnSync('umount', [mount]).status).toBe(0)
    }
  })
})

describe('the registry', () => {
  const BOOT_ID = 56

  test.for([
    ['cut', (): void => fs.truncateSync(path('.registry'), 1000)],
    ['empty', (): void => fs.truncateSync(path('.registry'), 0)],
    ['garbage', (): void => fs.writeFileSync(path('.registry'), Buffer.alloc(1052672, 'x'))],
    ['open to others', (): void => fs.chmodSync(path('.registry'), 0o644)],
  ] as const)('%s while nobody uses it: ERR_IPC_CORRUPT', async ([, damage]) => {
    await leaveIt()
    damage()
    const content = fs.readFileSync(path('.registry'))
    expect(failure(openIt)).toMatchObject({ code: 'ERR_IPC_CORRUPT', path: path('.registry') })
    expect(fs.readFileSync(path('.registry')).equals(content)).toBe(true)
  })

  test('removed while nobody uses it: a new one, and its objects are made anew', async () => {
    await leaveIt(5)
    fs.rmSync(path('.registry'))
    const memory = openIt()
    expect(new Int32Array(memory.buffer)[0]).toBe(0)
    memory.close()
  })

  test('removed under its users: who comes later is told, and does not share a broken object', async () => {
    const user = await hire()
    await user.call('open', 'it', 64, 5)
    fs.rmSync(path('.registry'))
    expect(failure(openIt).code).toBe('ERR_IPC_CORRUPT')
    expect(await user.call('read')).toBe(5)
    await user.kill()
    const memory = openIt()
    expect(new Int32Array(memory.buffer)[0]).toBe(0)
    memory.close()
  })

  test('of another boot: replaced when nobody has it open, ERR_IPC_IN_USE otherwise', async () => {
    await leaveIt(5)
    const file = fs.openSync(path('.registry'), 'r+')
    fs.writeSync(file, '00000000-0000-0000-0000-000000000000', BOOT_ID)
    fs.closeSync(file)
    const memory = openIt()
    expect(new Int32Array(memory.buffer)[0]).toBe(0)
    const again = fs.openSync(path('.registry'), 'r+')
    fs.writeSync(again, '00000000-0000-0000-0000-000000000000', BOOT_ID)
    fs.closeSync(again)
    const late = await hire()
    const error = (await late.call('open', 'it', 64).catch((e: unknown) => e)) as { code: string }
    expect(error.code).toBe('ERR_IPC_IN_USE')
    memory.close()
  })
})

describe('what another version of the library left behind', () => {
  /** Makes a file look as if it were of layout 1, whose sizes are others. */
  function make(file: string, layoutAt: number, byteLength: number): void {
    const descriptor = fs.openSync(path(file), 'r+')
    fs.writeSync(descriptor, new Uint8Array(Int32Array.of(1).buffer), 0, 4, layoutAt)
    fs.ftruncateSync(descriptor, byteLength)
    fs.closeSync(descriptor)
  }

  test('is replaced, registry and objects, when nobody has it open', async () => {
    await leaveIt(5)
    make('.registry', 8, 528384)
    make('memory.it', 4, 4096)
    const memory = openIt()
    expect(new Int32Array(memory.buffer)[0]).toBe(0)
    memory.close()
  })

  test('is left alone while a process has it open: ERR_IPC_UNSUPPORTED, with both layouts', async () => {
    const user = await hire()
    await user.call('open', 'it', 64, 5)
    const size = fs.statSync(path('.registry')).size
    make('.registry', 8, size)
    expect(failure(openIt)).toMatchObject({
      code: 'ERR_IPC_UNSUPPORTED',
      message: expect.stringMatching(/layout 1; this one: \d/) as string,
    })
    expect(await user.call('read')).toBe(5)
  })
})

test('the 1,001st opener gets ERR_IPC_FULL, and the places are free again after closing', async () => {
  const actor = await hire()
  for (let i = 0; i < 2; i++) {
    const result = (await within('opening', actor.call('openUntilFull', 'it'))) as object
    expect(result).toMatchObject({ count: 1000, code: 'ERR_IPC_FULL' })
    expect((result as { message: string }).message).toContain('1000')
  }
})

describe('without a name', () => {
  test('an object is gone when its last user has closed it', async () => {
    const memory = SharedMemory.create({ byteLength: 64 })
    const other = await hire()
    await other.call('attach', memory.handle)
    memory.close()
    expect(files().some((file) => file.includes('~'))).toBe(true)
    await other.call('closeAll')
    expect(files()).toEqual(['.registry'])
  })

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`an object whose last user died of ${signal} is gone when anyone lists, or opens for the first time`, async () => {
      const [first, second] = [await hire(), await hire()]
      await second.call('attach', await first.call('create'))
      await first.kill(signal)
      expect(list()).toMatchObject([{ kind: 'memory', name: null }])
      await second.kill(signal)
      expect(list()).toEqual([])
      expect(files()).toEqual(['.registry'])

      const third = await hire()
      await third.call('create')
      await third.kill(signal)
      const fourth = await hire()
      await fourth.call('open', 'it', 64)
      expect(files()).toEqual(['.registry', 'memory.it'])
    })
  }

  test('a handle to one that is gone: ERR_IPC_UNLINKED', async () => {
    const actor = await hire()
    const handle = await actor.call('create')
    await actor.call('closeAll')
    expect(failure(() => SharedMemory.from(handle)).code).toBe('ERR_IPC_UNLINKED')
  })
})

test('processes killed while they create, open, close and unlink: names stay usable, nothing is half-made or left', async () => {
  const names = ['a', 'b', 'c']
  const bystander = await hire()
  await bystander.call('open', 'bystander', 64, 77)
  for (let i = 0; i < (NIGHTLY ? 2000 : 20); i++) {
    const actors = [await hire(), await hire()]
    const ends = actors.map((actor, n) => actor.call('churn', names, i * 2 + n + 1))
    await delay(Math.random() * 12)
    await Promise.all(actors.map((actor) => actor.kill()))
    for (const end of ends) await expect(end).rejects.toBeInstanceOf(Died)
    for (const name of names) {
      const memory = SharedMemory.open(name, { byteLength: 64 })
      expect(new Int32Array(memory.buffer)[0]).toBe(0)
      memory.close()
    }
  }
  expect(list().filter(({ name }) => name === null)).toEqual([])
  const known = ['.registry', 'memory.a', 'memory.b', 'memory.bystander', 'memory.c']
  expect(files()).toEqual(known)
  expect(await bystander.call('read')).toBe(77)
  const pruned = (await bystander.call('pruneAll')) as string[]
  expect(pruned.toSorted()).toEqual(['memory.a', 'memory.b', 'memory.c'])
}, 120_000)

test('thousands of opens and closes in one process leak no descriptor and no mapping', async () => {
  openIt().close()
  const descriptors = count('fd')
  for (let i = 0; i < (NIGHTLY ? 100_000 : 5000); i++) {
    SharedMemory.open(`n${i % 50}`, { byteLength: 64 }).close()
    if (i % 500 === 0) {
      SharedMemory.create({ byteLength: 64 }).close()
      await delay(0)
    }
  }
  expect(count('fd')).toBe(descriptors)
  // Mappings go with the ArrayBuffers, when those are collected.
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const before = count('maps')
  await until('the mappings are gone', async () => {
    gc()
    await delay(20)
    return count('maps') <= 2
  })
  process.stdout.write(
    `  figure: ${before} mappings before the collection, ${count('maps')} after\n`,
  )
}, 60_000)
