// Compiles native/*.c into prebuilds/<platform>-<arch>/ipc.node with the C compiler of this machine.
// $CC chooses another compiler (a cross compiler too: the target is asked of it), $CFLAGS is appended.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import headers from 'node-api-headers'

const FLAGS =
  '-std=c11 -O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Werror -pthread -Wl,-z,nodelete -Wl,-z,now -DNAPI_VERSION=9'

const ARCHITECTURES = { x86_64: 'x64', aarch64: 'arm64' }

const words = (text) => text.split(/\s+/).filter(Boolean)

function fail(message) {
  console.error(`build:native: ${message}`)
  process.exit(1)
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

const sources = readdirSync('native')
  .filter((name) => name.endsWith('.c'))
  .toSorted()
  .map((name) => join('native', name))
if (sources.length === 0) fail(`no C source in ${join(import.meta.dirname, 'native')}`)

const directory = join('prebuilds', `linux-${arch}`)
const output = join(directory, 'ipc.node')
const unfinished = `${output}.${process.pid}`
mkdirSync(directory, { recursive: true })

const command = [
  ...compilerArguments,
  ...words(FLAGS),
  `-I${headers.include_dir}`,
  '-o',
  unfinished,
  ...sources,
  ...words(process.env.CFLAGS ?? ''),
]
const result = spawnSync(compiler, command, { stdio: 'inherit' })
if (result.status !== 0) fail(`failed: ${[compiler, ...command].join(' ')}`)

// Renamed into place, so that nobody loads a half-written file and nobody's loaded one changes.
renameSync(unfinished, output)
console.log(`build:native: ${output}`)
