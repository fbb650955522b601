import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { withoutSlot } from './agents.ts'
import { AGENT_MASK, POISON } from '../memory/memory.ts'

/**
 * Returns what a process prints in which the addon's view of the kernel is changed before anything uses it.
 */
function printed(program: string): unknown {
  const prelude = `
    import { load, thread } from '@ipc/native'
    const native = load()
    thread[Symbol.for('@ipc/native@1')] = { ...native, layout: { ...native.layout, liveness: -1 } }
    const { SharedMemory, processScope } = await import('@ipc/core')
    const code = (f) => { try { return f() } catch (error) { return error.code } }
  `
  const flags = ['--input-type=module', '--eval', prelude + program]
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  return JSON.parse(execFileSync(process.execPath, flags, { cwd, encoding: 'utf8' }))
}

test('without robust futexes process scope is refused with the reason, and thread scope works', () => {
  const { reason, opened, length } = printed(`
    const opened = code(() => SharedMemory.open('anything', { byteLength: 4 }))
    const length = new SharedMemory({ byteLength: 4 }).byteLength
    console.log(JSON.stringify({ reason: processScope.reason, opened, length }))
  `) as { reason: string; opened: string; length: number }
  expect(reason).toContain('robust futexes')
  expect({ opened, length }).toEqual({ opened: 'ERR_IPC_UNSUPPORTED', length: 4 })
})

/** Otherwise a thread that has the addon would take a living owner without it for dead, or for itself. */
test('a thread that could not load the addon is alive for one that could, and loads it later', () => {
  const program = `
    const { Worker, isMainThread, workerData, threadId } = require('node:worker_threads')
    const { openSync, closeSync } = require('node:fs')
    const descriptors = []
    const takeAll = () => { try { for (;;) descriptors.push(openSync('/dev/null')) } catch {} }
    import('@ipc/core').then(async ({ SharedMemory, processScope }) => {
      if (!isMainThread) {
        const { words } = SharedMemory.from(workerData.handle)
        const other = workerData.self
        console.log(JSON.stringify({ isSame: words.self === other, isDead: words.isDead(other) }))
        return
      }
      takeAll()
      const memory = new SharedMemory({ byteLength: 4 })
      console.log(JSON.stringify({ supported: processScope.supported }))
      for (const descriptor of descriptors) closeSync(descriptor)
      const data = { handle: memory.handle, self: memory.words.self }
      const worker = new Worker(process.env.PROGRAM, { eval: true, workerData: data })
      await new Promise((resolve) => worker.on('exit', resolve))
      console.log(JSON.stringify({ supported: processScope.supported }))
    })
  `
  const limited = ['-c', 'ulimit -n 80 && exec "$0" "$@"', process.execPath, '--eval', program]
  const output = execFileSync('/bin/sh', limited, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, PROGRAM: program },
    encoding: 'utf8',
  })
  expect(output.trim().split('\n')).toEqual([
    '{"supported":false}',
    '{"isSame":false,"isDead":false}',
    '{"supported":true}',
  ])
})

test('the id of a thread without the addon is nobody else’s, however many there were before', () => {
  for (const thread of [0, 1, 4094, 4095, 8191, 16_383, 262_141, 0x7fffffff]) {
    const agent = withoutSlot(thread)
    expect(agent).toBeGreaterThan(POISON)
    expect(agent & AGENT_MASK).toBe(agent)
  }
  expect(withoutSlot(4095)).not.toBe(withoutSlot(0))
})
