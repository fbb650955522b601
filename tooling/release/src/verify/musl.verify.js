/** The same binary on musl: in Bun's build for it, between processes, some of which are killed. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { binaryOf } from '../binaries.js'
import { readSharedObject } from '../elf.js'
import { libraries } from '../packages.js'
import { ENTRIES } from './consumer.js'
import { expected } from './programs/run.mjs'
import { fetchTools, has, output, plainEnvironment } from './tools.js'

const LOADER = '/lib/ld-musl-x86_64.so.1' // Debian's package musl puts it where it belongs
const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url))
/** In Bun no signal reaches a handler of ours, on any libc: the program would wait forever. */
const WITHOUT = new Set(['signals'])

const isHere = process.arch === 'x64' && has('musl-gcc')
if (!isHere) console.log('musl is not run: it takes x64 and musl-gcc (Debian: musl-tools)')

describe.skipIf(!isHere)('musl', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipc-musl-'))

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('has the types and numbers that the addon was compiled with', () => {
    const [glibc, musl] = ['cc', 'musl-gcc'].map((compiler) => {
      const program = join(folder, `abi-${compiler}`)
      execFileSync(compiler, ['-o', program, join(PROGRAMS, 'abi.c')])
      return output(program, [], { cwd: folder }).split('\n')
    })
    expect(musl).toEqual(glibc)
    expect(musl).toContain('idle is zero 1, fits 1')
  })

  test('exports what the addon takes from a C library', () => {
    const { definedSymbols } = readSharedObject(readFileSync(LOADER))
    const { undefinedSymbols } = readSharedObject(readFileSync(binaryOf('x64')))
    const absent = undefinedSymbols.filter(
      (name) => !name.startsWith('napi_') && !definedSymbols.has(name),
    )
    expect(absent).toEqual(['__register_atfork']) // it is weak, and pthread_atfork is there
  })

  /** @returns {NodeJS.ProcessEnv} in which Bun finds musl and the C++ library it is linked with */
  function environment() {
    const place = join(folder, 'lib')
    mkdirSync(place, { recursive: true })
    const shim = join(place, 'ld-linux-x86-64.so.2')
    execFileSync('musl-gcc', [
      '-shared',
      '-fPIC',
      '-o',
      shim,
      join(PROGRAMS, 'libstdc++-on-musl.c'),
    ])
    for (const library of ['libstdc++.so.6', 'libgcc_s.so.1']) {
      const file = execFileSync('cc', [`-print-file-name=${library}`], { encoding: 'utf8' }).trim()
      cpSync(file, join(place, library), { dereference: true })
    }
    symlinkSync(LOADER, join(place, 'libc.musl-x86_64.so.1'))
    return { ...plainEnvironment(), LD_LIBRARY_PATH: place, IPC_DIR: join(folder, 'ipc') }
  }

  test('runs every package, in both module systems, between processes that are killed', () => {
    const tools = fetchTools({ '@oven/bun-linux-x64-musl': '1.4.5' }, { force: true })
    const bun = join(tools, 'node_modules/@oven/bun-linux-x64-musl/bin/bun')
    execFileSync('chmod', ['+x', bun])
    // From here the program finds the packages of the workspace.
    const project = fileURLToPath(new URL('../../node_modules/.cache/musl/', import.meta.url))
    mkdirSync(project, { recursive: true })
    cpSync(join(PROGRAMS, 'run.mjs'), join(project, 'run.mjs'))
    const env = environment()

    writeFileSync(
      join(project, 'maps.mjs'),
      `console.log(require('node:fs').readFileSync('/proc/self/maps', 'utf8'))`,
    )
    const maps = output(bun, ['maps.mjs'], { cwd: project, env })
    expect(maps).toContain('musl')
    expect(maps).not.toMatch(/x86_64-linux-gnu\/libc\.so/)

    for (const { manifest } of libraries()) {
      const name = manifest.name.slice('@ipc/'.length)
      if (WITHOUT.has(name)) continue
      for (const [file, text] of ENTRIES) {
        writeFileSync(join(project, file), text(name))
        const said = output(bun, [file], { cwd: project, env }).trim()
        expect({ name, file, said }).toEqual({ name, file, said: expected[name] })
      }
    }
    const registry = readFileSync(join(folder, 'ipc/.registry')).toString('latin1', 0, 80)
    expect(registry).toContain('musl x86_64')
  })
})
