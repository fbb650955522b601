/** Thread scope where the addon cannot be used: in a bundle that left it out, or where it is refused. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const HERE = fileURLToPath(new URL('.', import.meta.url))

function run(program: string): { out: unknown[]; err: string } {
  const prelude = `
    const { default: ofThread } = await import('node:worker_threads')
    ofThread[Symbol.for('@ipc/native@1')] = { reason: 'it was left out of the bundle' }
    const { processScope, SharedMemory } = await import('@ipc/core')
    const { Lock, RLock, RWLock } = await import('@ipc/lock')
    const say = (value) => console.log(JSON.stringify(value))
    const failure = (call) => { try { call() } catch ({ code, message }) { return { code, message } } }
  `
  const flags = ['--input-type=module', '--eval', prelude + program]
  const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd: HERE, encoding: 'utf8' })
  const out = stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  return { out, err: stderr }
}

const count = (text: string, part: string): number => text.split(part).length - 1

test('locks work; inspect() says that deaths are not seen, and one warning does', () => {
  const { out, err } = run(`
    const lock = new Lock()
    lock.with(() => say({ locked: lock.locked, ...lock.inspect() }))
    for (const one of [new RLock(), new RWLock(), new SharedMemory({ byteLength: 4 })]) {
      say(one.inspect().liveness)
    }
  `)
  expect(out).toMatchObject([{ locked: true, kind: 'lock', liveness: false }, false, false, false])
  expect(count(err, 'IPC_NO_LIVENESS')).toBe(1)
  expect(err).toContain('it was left out of the bundle')
})

test('importing warns of nothing, and neither does process scope, which says why', () => {
  const { out, err } = run(`
    say([processScope, failure(() => Lock.open('x')), failure(() => Lock.create())])
  `)
  const refusal = { code: 'ERR_IPC_UNSUPPORTED', message: 'it was left out of the bundle' }
  expect(out).toEqual([
    [{ supported: false, reason: 'it was left out of the bundle' }, refusal, refusal],
  ])
  expect(err).toBe('')
})

test('workers that are started later do not warn again', () => {
  const { out, err } = run(`
    import { Worker } from 'node:worker_threads'
    const lock = new Lock()
    const source = \`
      const ofThread = require('node:worker_threads')
      ofThread[Symbol.for('@ipc/native@1')] = { reason: 'nor here' }
      const { lock, path } = ofThread.workerData
      import(path).then(({ Lock }) =>
        console.log(JSON.stringify(Lock.from(lock).inspect().liveness)))\`
    const workerData = { lock: lock.handle, path: import.meta.resolve('@ipc/lock') }
    new Worker(source, { eval: true, execArgv: [], workerData })
  `)
  expect(out).toEqual([false])
  expect(count(err, 'IPC_NO_LIVENESS')).toBe(1)
})

test('with the addon nothing is said', () => {
  const program = `
    const { Lock } = await import('@ipc/lock')
    console.log('liveness' in new Lock().inspect())
  `
  const flags = ['--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd: HERE, encoding: 'utf8' })
  expect([stdout, stderr]).toEqual(['false\n', ''])
})
