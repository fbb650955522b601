/** Some runtimes lack things that we use: importing never throws, and using it says what is missing. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const HERE = fileURLToPath(new URL('.', import.meta.url))

function said(missing: string, program: string): unknown {
  const source = `
    ${missing}
    const { Lock, RLock, RWLock } = await import('@ipc/lock')
    const { SharedMemory } = await import('@ipc/core')
    const failure = (call) => { try { call() } catch ({ code, message }) { return { code, message } } }
    const say = (value) => console.log(JSON.stringify(value))
    ${program}
  `
  const flags = ['--input-type=module', '--eval', source]
  const run = spawnSync(process.execPath, flags, { cwd: HERE, encoding: 'utf8' })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout)
}

test('without SharedArrayBuffer, as in a page that is not isolated: it says COOP and COEP', () => {
  const failures = said(
    `delete globalThis.SharedArrayBuffer`,
    `const makers = [() => new Lock(), () => new RLock(), () => new RWLock(),
       () => new SharedMemory({ byteLength: 4 }), () => Lock.at(new ArrayBuffer(64), 0)]
     say(makers.map(failure))`,
  ) as { code: string; message: string }[]
  const last = failures.pop()
  expect(last?.code).toBe('ERR_INVALID_ARG_TYPE')
  expect(failures).toHaveLength(4)
  for (const { code, message } of failures) {
    expect(code).toBe('ERR_IPC_UNSUPPORTED')
    expect(message).toContain('Cross-Origin-Opener-Policy: same-origin (COOP)')
    expect(message).toContain('Cross-Origin-Embedder-Policy: require-corp (COEP)')
  }
})

test('without Atomics.waitAsync: what is free is taken, waiting says what is missing, blocking works', () => {
  expect(
    said(
      `delete Atomics.waitAsync`,
      `const lock = new Lock()
       const guard = await lock.acquireAsync()
       guard.release()
       const word = new Int32Array(lock.handle.buffer)
       word[0] = 2 // another thread's
       const waiting = lock.acquireAsync().then(() => null, ({ code, message }) => ({ code, message }))
       const error = await waiting
       const blocked = lock.tryAcquire({ timeoutMs: 1 }) === null
       word[0] = 0
       say({ error, blocked, again: lock.tryAcquire() !== null })`,
    ),
  ).toEqual({
    error: {
      code: 'ERR_IPC_UNSUPPORTED',
      message: expect.stringContaining('Atomics.waitAsync') as string,
    },
    blocked: true,
    again: true,
  })
})
