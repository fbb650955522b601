import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { binaryOf, faultsOf } from './binaries.js'

test.runIf(process.platform === 'linux')('the binary of this machine fits every C library', () => {
  expect(faultsOf(process.arch)).toEqual([])
})

describe.runIf(process.platform === 'linux')('faultsOf()', () => {
  /** @type {string} */
  let folder

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ipc-binaries-'))
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  /** @param {string} body @param {string[]} [flags] */
  function compiled(body, flags = ['-nostdlib']) {
    const [source, file] = [join(folder, 'some.c'), join(folder, 'some.node')]
    writeFileSync(source, body)
    const run = spawnSync('cc', ['-shared', '-fPIC', '-o', file, source, ...flags], {
      encoding: 'utf8',
    })
    if (run.status !== 0) throw new Error(run.stderr)
    return faultsOf(process.arch, file)
  }

  test('finds none in a library that needs nothing', () => {
    expect(compiled('int f(void) { return 1; }')).toEqual([])
  })

  test.each([
    ['int gettid(void); int f(void) { return gettid(); }', 'gettid: new in GLIBC_2.30'],
    ['int nobody(void); int f(void) { return nobody(); }', 'nobody: glibc does not export it'],
    [
      'int pthread_cond_wait(void *, void *); int f(void) { return pthread_cond_wait(0, 0); }',
      'pthread_cond_wait: unversioned, it is the one of GLIBC_2.2.5',
    ],
  ])('finds what is not everywhere in %j', (body, fault) => {
    if (process.arch !== 'x64') return // other CPUs have other first versions
    expect(compiled(body)).toEqual([fault])
  })

  test('finds libraries that are named, another CPU, and no file', () => {
    const user = 'int puts(const char *); int f(void) { return puts(""); }'
    expect(compiled(user, [])).toContain('it names the library libc.so.6')
    const other = process.arch === 'x64' ? 'arm64' : 'x64'
    expect(faultsOf(other, binaryOf(process.arch))).toContain(
      `it is for ${process.arch}, not for ${other}`,
    )
    expect(faultsOf(process.arch, join(folder, 'absent'))[0]).toContain('is not there')
  })

  test('refuses what is no shared object', () => {
    const file = join(folder, 'text')
    writeFileSync(file, 'text')
    expect(() => faultsOf(process.arch, file)).toThrow('not an ELF file')
  })
})
