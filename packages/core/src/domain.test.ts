import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** What a process prints in which the addon's view of the kernel is changed before anything uses it. */
function printed(program: string): unknown {
  const prelude = `
    import { load } from '@ipc/native'
    const native = load()
    globalThis[Symbol.for('@ipc/native@1')] = { ...native, layout: { ...native.layout, liveness: -1 } }
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
