/** The addon's binaries: built for every CPU that is shipped, and fit for every C library. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSharedObject } from './elf.js'
import { ROOT } from './packages.js'

/** The oldest glibc that Node's own binaries of these versions run on. */
const OLDEST_GLIBC = '2.28'

/** Debian's compiler for each CPU, by Node's name of the CPU. It also runs on machines of another CPU. */
export const COMPILERS = new Map([
  ['x64', 'x86_64-linux-gnu-gcc'],
  ['arm64', 'aarch64-linux-gnu-gcc'],
])

/** @param {string} arch @param {string} [root] */
export function binaryOf(arch, root = ROOT) {
  return join(root, 'packages/native/prebuilds', `linux-${arch}`, 'ipc.node')
}

/**
 * @param {string} arch
 * @param {string} [root]
 * @throws {Error} what to install
 */
export function build(arch, root = ROOT) {
  const compiler = COMPILERS.get(arch)
  if (compiler === undefined) throw new Error(`no binary is shipped for ${arch}`)
  const run = spawnSync(process.execPath, ['build.mjs'], {
    cwd: join(root, 'packages/native'),
    env: { ...process.env, CC: compiler, CFLAGS: '-s' },
    encoding: 'utf8',
  })
  if (run.status !== 0) throw new Error(`the binary for ${arch}: ${run.stderr.trim()}`)
}

/**
 * Lists the reasons why a binary could not be loaded somewhere; empty when there are none.
 *
 * @param {string} arch
 * @param {string} [file]
 * @returns {string[]}
 */
export function faultsOf(arch, file = binaryOf(arch)) {
  if (!existsSync(file)) return [`${file} is not there`]
  const { machine, needed, undefinedSymbols } = readSharedObject(readFileSync(file))
  const faults = needed.map((library) => `it names the library ${library}`)
  if (machine !== arch) faults.push(`it is for ${machine}, not for ${arch}`)
  const inGlibc = glibcSymbols()
  for (const symbol of undefinedSymbols) {
    if (symbol.startsWith('napi_') || MUSL_ONLY.has(symbol)) continue
    const versions = inGlibc?.get(symbol)
    if (inGlibc && !versions) faults.push(`${symbol}: glibc does not export it`)
    const first = versions?.toSorted(byVersion)[0] ?? ''
    if (byVersion(first, `GLIBC_${OLDEST_GLIBC}`) > 0) faults.push(`${symbol}: new in ${first}`)
    if (versions && versions.length > 1 && DIFFERENT.test(symbol)) {
      faults.push(`${symbol}: unversioned, it is the one of ${first}`)
    }
  }
  return faults
}

/** Symbols that are weak: the binary uses them where they exist. */
const MUSL_ONLY = new Set(['pthread_atfork'])

/** Symbols whose older versions do something else than the newer ones. */
const DIFFERENT = /^(pthread_cond_|sem_|regexec|realpath|nftw|sched_[gs]etaffinity|fmemopen|timer_)/

/**
 * Lists the symbols of this process's C library, each with every version under which it is defined.
 *
 * @returns {Map<string, string[]> | null} null where that is not glibc
 */
function glibcSymbols() {
  const files = new Set(
    readFileSync('/proc/self/maps', 'utf8').match(
      /\/\S*\/(libc|libpthread|libdl|ld-linux-[^/]*)(-[\d.]+)?\.so\S*/g,
    ),
  )
  /** @type {Map<string, string[]>} */
  const all = new Map()
  for (const file of files) {
    for (const [symbol, versions] of readSharedObject(readFileSync(file)).definedSymbols) {
      all.set(symbol, [...(all.get(symbol) ?? []), ...versions])
    }
  }
  return all.get('gnu_get_libc_version') ? all : null
}

/** @param {string} a @param {string} b as in GLIBC_2.2.5 */
function byVersion(a, b) {
  const [left, right] = [a, b].map((version) => (version.match(/\d+/g) ?? []).map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
