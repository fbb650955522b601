/** The first use of a directory removes what dead processes of ours left, and nothing else. */
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { load, type Native } from './index.ts'

const INDEX = fileURLToPath(new URL('../dist/index.js', import.meta.url))
const [LOOK, USE, MAKE] = [0, 1, 2] as const
const DIGITS = '0123456789abcdef'
const OBJECT = Buffer.from([0x31, 0x43, 0x50, 0x49, 0, 0, 0, 0])

let native: Native
let directory: string

beforeEach(() => {
  const loaded = load()
  if ('reason' in loaded) throw new Error(loaded.reason)
  native = loaded
  directory = fs.mkdtempSync(join(tmpdir(), 'ipc-sweep-'))
})

afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true })
})

const files = (): string[] => fs.readdirSync(directory).toSorted()
const path = (file: string): string => join(directory, file)

function put(file: string, content: string | Buffer = 'my thesis'): string {
  fs.writeFileSync(path(file), content, { mode: 0o600 })
  return file
}

/** Runs a program with the addon as `native` and the directory as `directory`. */
function run(program: string, timeout?: number): ReturnType<typeof spawnSync> {
  const whole = `
    import { load } from ${JSON.stringify(INDEX)}
    import { Worker } from 'node:worker_threads'
    const native = load()
    const directory = ${JSON.stringify(directory)}
    ${program}
  `
  const options = { encoding: 'utf8', timeout, killSignal: 'SIGKILL' } as const
  return spawnSync(process.execPath, ['--input-type=module', '--eval', whole], options)
}

/** Objects without a name, whose only user was killed. */
function leaveBehind(count: number): void {
  run(`
    const { index } = native.openDomain(directory, 0, ${MAKE}, true)
    const request = {
      file: 'some', kind: 'some', create: true, anonymous: true, hasOptions: true, words: 4,
      options: [0, 0, 0, 0], id: null,
    }
    for (let i = 0; i < ${count}; i++) native.open(index, request)
    process.kill(process.pid, 'SIGKILL')
  `)
  expect(files().filter((file) => file.startsWith('some.~'))).toHaveLength(count)
}

test('files of the user stay, whatever they are called', () => {
  const theirs = [
    put('.new-thesis.txt'),
    put(`.new-${DIGITS}`),
    put(`.new-${DIGITS}.txt`, ''),
    put(`.new-${DIGITS.toUpperCase()}`, ''),
    put('.new-0123', ''),
    put(`thesis.~${DIGITS}`),
    put(`thesis.~${DIGITS.replace('0', '1')}`, ''),
    put('other.txt', OBJECT),
  ]
  fs.linkSync(path(put('a-backup', '')), path(`.new-${DIGITS.replace('0', '2')}`))
  fs.symlinkSync('a-backup', path(`.new-${DIGITS.replace('0', '3')}`))
  fs.mkdirSync(path(`.new-${DIGITS.replace('0', '4')}`))
  const before = files()
  native.openDomain(directory, 0, MAKE, true)
  expect(files()).toEqual(expect.arrayContaining(theirs))
  expect(files()).toEqual([...before, '.registry'].toSorted())
})

test('what dead processes left goes: objects without a name, and files that did not get theirs', () => {
  leaveBehind(3)
  put(`.new-${DIGITS}`, '')
  put(`.new-${DIGITS.replace('0', '1')}`, Buffer.concat([OBJECT, Buffer.alloc(4096)]))
  put(`.new-${DIGITS.replace('0', '2')}`, 'IPCREG01')
  native.openDomain(directory, 0, USE, true)
  expect(files()).toEqual(['.registry'])
})

test('whoever only joins, as by a handle, makes nothing and removes nothing', () => {
  put(`.new-${DIGITS}`, '')
  expect(() => native.openDomain(directory, 0, LOOK, true)).toThrow('ENOENT')
  expect(() => native.openDomain(path('absent'), 0, LOOK, true)).toThrow('ENOENT')
  expect(files()).toEqual([`.new-${DIGITS}`])

  fs.rmSync(path(`.new-${DIGITS}`))
  leaveBehind(1)
  const before = files()
  expect(native.openDomain(directory, 0, LOOK, true).self).not.toBe(0)
  expect(files()).toEqual(before)
  native.openDomain(directory, 0, USE, true) // and a later user sweeps
  expect(files()).toEqual(['.registry'])
})

test('beside a process that stands still with the directory locked: one patience, and no other thread waits', async () => {
  const left = 60 // with two seconds each the watchdog would bark
  leaveBehind(left)
  const holder = spawn('flock', ['-x', directory, 'sh', '-c', 'echo locked; sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  try {
    await once(holder.stdout, 'data')
    const program = `
      const code = ${JSON.stringify(`
        const { workerData } = require('node:worker_threads')
        import(workerData.index).then(({ load }) => load().openDomain(workerData.directory, 1, 2, true))
      `)}
      const worker = new Worker(code, { eval: true, execArgv: [], workerData: { index: ${JSON.stringify(INDEX)}, directory } })
      await new Promise((go) => worker.once('online', go))
      native.openDomain(null, 0, ${USE}, true)
      await new Promise((go) => worker.once('exit', go))
      console.log('done')
    `
    expect(run(program, 60_000)).toMatchObject({ signal: null, stdout: 'done\n' })
    expect(files()).toHaveLength(left + 1)
  } finally {
    process.kill(-holder.pid!, 'SIGKILL')
  }
}, 120_000)
