// Compiles c/**/*.c into prebuilds/<platform>-<arch>/ipc.node with the C compiler of this machine:
//   node build.mjs
// $CC chooses another compiler (a cross compiler too: the target is asked of it), $CFLAGS is appended.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'

const FLAGS =
  '-std=c11 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror -pthread -Wl,-z,nodelete -Wl,-z,now -DNAPI_VERSION=9'

/* This ends the process where a buffer on the stack was overrun, before it returns into what was written
 * there. Every C library has the function that this calls. */
const GUARDED = '-fstack-protector-strong'

/* One binary per CPU for every C library: it names none, and uses what all have (c/os/libc.h).
 * Things that compilers add by themselves and that not all C libraries have are left out: checked
 * variants of functions, and atomics that ask the C library for the CPU's features. */
const PORTABLE = {
  x64: '-nostdlib -U_FORTIFY_SOURCE',
  arm64: '-nostdlib -U_FORTIFY_SOURCE -mno-outline-atomics',
}

const ARCHITECTURES = { x86_64: 'x64', aarch64: 'arm64' }

const words = (text) => text.split(/\s+/).filter(Boolean)

function fail(message) {
  console.error(`build:native: ${message}`)
  process.exit(1)
}

/** The headers of the package node-api-headers, or those that came with this Node. */
async function includeDirectory() {
  const ofNode = join(dirname(process.execPath), '..', 'include', 'node')
  const headers = await import('node-api-headers').catch(() => null)
  const directory = headers?.default.include_dir ?? ofNode
  if (!existsSync(join(directory, 'node_api.h'))) {
    fail(
      `no node_api.h in ${directory}, and no package node-api-headers: ` +
        'npm install --no-save node-api-headers',
    )
  }
  return directory
}

if (process.platform !== 'linux') {
  console.log(`build:native: process scope is not built for ${process.platform}, only for linux`)
  process.exit(0)
}

process.chdir(import.meta.dirname)

const [compiler, ...compilerArguments] = words(process.env.CC || 'cc')

const target = spawnSync(compiler, [...compilerArguments, '-dumpmachine'], { encoding: 'utf8' })
if (target.error) {
  const origin = process.env.CC ? 'from $CC' : 'the default, as $CC is not set'
  fail(
    `cannot run the C compiler '${compiler}' (${origin}): ${target.error.code}. ` +
      'Install one (Debian: apt-get install gcc libc6-dev) or name it in $CC.',
  )
}
const machine = target.status === 0 ? target.stdout.split('-')[0].trim() : ''
const arch = ARCHITECTURES[machine] ?? process.arch

/** Whether the compiler knows a flag: gcc and clang do, others may not. */
function accepts(flag) {
  const argv = [...compilerArguments, '-Werror', flag, '-x', 'c', '-c', '-o', '/dev/null', '-']
  return spawnSync(compiler, argv, { input: 'int none;\n' }).status === 0
}

const sources = readdirSync('c', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.c'))
  .toSorted()
  .map((name) => join('c', name))
if (sources.length === 0) fail(`no C source in ${join(import.meta.dirname, 'c')}`)

const directory = join('prebuilds', `linux-${arch}`)
const output = join(directory, 'ipc.node')
const unfinished = `${output}.${process.pid}`
mkdirSync(directory, { recursive: true })

const command = [
  ...compilerArguments,
  ...words(FLAGS),
  ...words(accepts(GUARDED) ? GUARDED : ''),
  ...words(PORTABLE[arch] ?? ''),
  `-I${await includeDirectory()}`,
  '-Ic',
  '-o',
  unfinished,
  ...sources,
  ...words(process.env.CFLAGS ?? '-s'), // your flags may be for debugging: then symbols stay
]
const result = spawnSync(compiler, command, { stdio: 'inherit' })
if (result.status !== 0) fail(`failed: ${[compiler, ...command].join(' ')}`)

// Renamed into place, so that nobody loads a half-written file and nobody's loaded one changes.
renameSync(unfinished, output)
console.log(`build:native: ${output}`)
