/** The addon believes its caller about what it means, but no argument whatever may crash it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { load, type Native } from './index.ts'

const FUZZ = fileURLToPath(new URL('fixtures/fuzz.mjs', import.meta.url))
const CALLS = process.env['IPC_NIGHTLY'] === '1' ? 300_000 : 20_000

const OF_FOUR_WORDS = {
  file: 'some.thing',
  kind: 'some',
  create: true,
  anonymous: false,
  hasOptions: true,
  words: 4,
  options: [0, 0, 0, 0],
  id: null,
}

let directory: string

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ipc-native-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function addon(): Native {
  const native = load()
  if ('reason' in native) throw new Error(native.reason)
  return native
}

test('load() gives one addon per thread', () => {
  expect(load()).toBe(load())
})

function install(name: string): string {
  const home = join(directory, name)
  for (const folder of ['dist', 'prebuilds']) {
    const from = fileURLToPath(new URL(`../${folder}`, import.meta.url))
    cpSync(from, join(home, folder), { recursive: true })
  }
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }')
  return home
}

/** Otherwise the living owner of a lock would be a dead one for a thread that has the other copy. */
test('two installations in one process: the threads of both are agents of one registry', () => {
  const program = `
    const { Worker, isMainThread, threadId, workerData } = require('node:worker_threads')
    const { pathToFileURL } = require('node:url')
    const homes = isMainThread ? process.argv.slice(1) : workerData.homes
    import(pathToFileURL(homes[0] + '/dist/index.js').href).then(({ load }) => {
      const native = load()
      const { index, self } = native.openDomain(null, threadId, 1, true)
      const met = [...(workerData?.met ?? []), self]
      const dead = met.filter((agent) => native.isDead(index, agent)).length
      console.log(met.length + ' met, ' + new Set(met).size + ' differ, ' + dead + ' dead')
      if (homes.length === 1) return
      const next = { eval: true, workerData: { homes: homes.slice(1), met } }
      return new Promise((resolve) => new Worker(process.env.PROGRAM, next).on('exit', resolve))
    })
  `
  const homes = ['one', 'two', 'three'].map(install)
  const run = spawnSync(process.execPath, ['--eval', program, ...homes], {
    env: { ...process.env, PROGRAM: program },
    encoding: 'utf8',
  })
  expect(run.stdout + run.stderr).toBe(
    '1 met, 1 differ, 0 dead\n2 met, 2 differ, 0 dead\n3 met, 3 differ, 0 dead\n',
  )
})

describe('an installation somewhere else', () => {
  /** Returns what load() says in a new process, from a folder of that name. */
  function loadedFrom(name: string, change: (folder: string) => void = () => {}): string {
    const home = install(name)
    change(home)
    const program = `
      import { pathToFileURL } from 'node:url'
      const { load } = await import(pathToFileURL(process.argv[1] + '/dist/index.js').href)
      console.log(load().reason ?? 'loaded')
    `
    const flags = ['--input-type=module', '--eval', program, home]
    return spawnSync(process.execPath, flags, { encoding: 'utf8' }).stdout.trim()
  }

  test('may have any path', () => {
    expect(loadedFrom('with a space, 100%25 and #1')).toBe('loaded')
  })

  test('without the binary, or with a broken one: the reason names the file and the way out', () => {
    const binary = `prebuilds/${process.platform}-${process.arch}/ipc.node`
    const absent = loadedFrom('absent', (folder) => rmSync(join(folder, binary)))
    expect(absent).toContain(`tried ${join(directory, 'absent', binary)}: `)
    expect(absent).toContain('how to build it from source')
    const broken = loadedFrom('broken', (folder) => writeFileSync(join(folder, binary), 'broken'))
    expect(broken).toContain(`tried ${join(directory, 'broken', binary)}: `)
  })

  test('in a bundle that took away import.meta.url: the reason names the way out', () => {
    const bundled = loadedFrom('bundled', (folder) => {
      const module = join(folder, 'dist', 'index.js')
      writeFileSync(module, readFileSync(module, 'utf8').replaceAll('import.meta.url', 'undefined'))
    })
    expect(bundled).toContain('tried nothing')
    expect(bundled).toContain('what to tell a bundler')
  })
})

describe('wrong arguments', () => {
  test('by the thousand: it throws or returns, and the process ends in good order', () => {
    const seed = Math.floor(Math.random() * 0x7fffffff)
    const run = spawnSync(process.execPath, [FUZZ, String(seed), String(CALLS)], {
      env: { ...process.env, IPC_DIR: directory },
      encoding: 'utf8',
    })
    const replay = `IPC_DIR=… node ${FUZZ} ${seed} ${CALLS}`
    expect({ replay, status: run.status, signal: run.signal, stderr: run.stderr }).toEqual({
      replay,
      status: 0,
      signal: null,
      stderr: '',
    })
    expect(run.stdout).toMatch(/^\d+ returned, \d+ threw\n$/)
    expect(readdirSync(directory).filter((file) => file.startsWith('.new-'))).toEqual([])
  }, 120_000)

  test('what is no function is refused as a callback, however often', () => {
    const native = addon()
    for (const wrong of [Infinity, undefined, {}, 'x', 1n]) {
      expect(() => native.onWake(wrong as never)).toThrow('not a function')
    }
    native.onWake(() => {})
    expect(() => native.onWake(7 as never)).toThrow('not a function')
    native.onWake(() => {})
  })

  test('a word outside the file is refused', () => {
    const native = addon()
    const { index } = native.openDomain(directory, 0, 2, true)
    const { external, words } = native.open(index, OF_FOUR_WORDS)
    expect(words).toBe(4)
    const outside = 8192 / 4
    expect(native.wake(external, outside - 1, 1)).toBe(0)
    for (const word of [-1, outside, 0x7fffffff]) {
      expect(() => native.wake(external, word, 1)).toThrow('no such word')
      expect(() => native.park(external, word, 0, 0, 1, false, 0)).toThrow('no such word')
      expect(() => native.ticket(external, word, 0, 0, 1, false)).toThrow('no such word')
    }
    for (const [offset, length] of [
      [NaN, 0],
      [0, NaN],
      [-1, 1],
      [8192, 1],
    ] as const) {
      expect(() => native.view(external, offset, length)).toThrow('out of bounds')
    }
    native.close(external)
    native.close(external)
    expect(readdirSync(directory).toSorted()).toEqual(['.registry', 'some.thing'])
  })
})

describe('asynchronous waits', () => {
  beforeEach(() => addon().withoutRecheck(true)) // nothing but the wake may end them
  afterEach(() => addon().withoutRecheck(false))

  test('a wake that the event loop does not take goes to another one of the process', async () => {
    const native = addon()
    const { index } = native.openDomain(directory, 0, 2, true)
    const { external } = native.open(index, OF_FOUR_WORDS)
    const word = native.layout.data
    const header = new Int32Array(native.view(external, 0, word * 4))
    const heard = new Set<number>()
    const listen = (ids: number[]): void => ids.forEach((id) => heard.add(id))
    const realm = native.onWake(listen)
    native.holdRealm(realm, true)
    const hear = async (id: number): Promise<void> => {
      while (!heard.has(id)) await delay(1)
    }

    const first = native.ticket(external, word, 1, 0, realm, false) // the word is 0: must look again
    await hear(first) // the parking thread has opened the file by now
    const asleep = native.ticket(external, word, 0, header[native.layout.roster]!, realm, false)
    await delay(10)
    expect([...heard]).toEqual([first])
    for (let busyMs = 20; !heard.has(asleep) && busyMs < 5000; busyMs *= 2) {
      const last = native.ticket(external, word, 1, 0, realm, false)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs)
      await hear(last)
    }
    native.holdRealm(realm, false)
    expect([...heard]).toContain(asleep)
    native.close(external)
  }, 60_000)

  test('each realm hears of its own tickets, and one that throws costs the others nothing', async () => {
    const native = addon()
    const { index } = native.openDomain(directory, 0, 2, true)
    const { external } = native.open(index, OF_FOUR_WORDS)
    const heard: [realm: number, id: number][] = []
    const listeners = [0, 1, 2].map((realm) => (ids: number[]) => {
      for (const id of ids) heard.push([realm, id])
      if (realm === 0) throw new Error('of one realm')
    })
    const realms = listeners.map((listen) => native.onWake(listen))
    for (const realm of realms) native.holdRealm(realm, true)
    const asked = [0, 1, 2, 2, 1].map((realm) => [
      realm,
      native.ticket(external, native.layout.data, 1, 0, realms[realm]!, false),
    ])
    while (heard.length < asked.length) await delay(1)
    expect(heard.toSorted(([, a], [, b]) => a - b)).toEqual(asked)
    for (const realm of realms) native.holdRealm(realm, false)
    native.close(external)
  })

  test('a realm without tickets is not kept by what it wants to hear; with tickets it is', async () => {
    const native = addon()
    const listeners: WeakRef<object>[] = []
    const realms = [false, true].map((hold) => {
      const listen = (): unknown => listeners // none of V8's constants
      listeners.push(new WeakRef(listen))
      const realm = native.onWake(listen)
      if (hold) native.holdRealm(realm, true)
      return realm
    })
    for (let i = 0; i < 10; i++) {
      await delay(1) // what was looked at in this turn would be kept
      collectGarbage()
    }
    expect(listeners.map((listener) => listener.deref() !== undefined)).toEqual([false, true])
    expect(native.onWake(() => {})).toBeGreaterThan(realms[1]!)
    expect(() => native.holdRealm(realms[0]!, true)).toThrow('no such realm')
    native.holdRealm(realms[1]!, false)
  })
})

test('who has not looked yet looks again before who has, though nothing has changed', async () => {
  const native = addon()
  const { index } = native.openDomain(directory, 0, 2, true)
  const { external } = native.open(index, OF_FOUR_WORDS)
  const word = native.layout.data
  const roster = new Int32Array(native.view(external, 0, word * 4))
  const heard: number[] = []
  const listen = (ids: number[]): void => void heard.push(...ids)
  const realm = native.onWake(listen)
  native.holdRealm(realm, true)
  const first = native.ticket(external, word, 1, 0, realm, false) // the parking thread opens the file
  while (heard.length === 0) await delay(1)
  const seen = roster[native.layout.roster]!
  const patient = native.ticket(external, word, 0, seen, realm, true)
  const impatient = native.ticket(external, word, 0, seen, realm, false)
  while (heard.length < 3) await delay(1)
  expect(heard).toEqual([first, -impatient, -patient])
  native.holdRealm(realm, false)
  native.close(external)
}, 60_000)
