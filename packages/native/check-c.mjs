// Checks c/**/*.[ch]: their format (clang-format, by /.clang-format), and with gcc what its analyser
// finds on the paths through each function (of unoptimised code, which keeps what is wrong):
//   node check-c.mjs            says what is wrong
//   node check-c.mjs --write    formats
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import headers from 'node-api-headers'

const FLAGS =
  '-std=c11 -O0 -fPIC -U_FORTIFY_SOURCE -Wall -Wextra -Werror -pthread -DNAPI_VERSION=9 -fanalyzer -c'

const folder = join(import.meta.dirname, 'c')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.[ch]$/.test(name))
  .toSorted()
  .map((name) => join(folder, name))

const checks = process.argv.includes('--write')
  ? [format(['-i'])]
  : [format(['--dry-run', '-Werror']), analyse()]
if (checks.includes(false)) process.exitCode = 1

/** @param {string[]} how */
function format(how) {
  const require = createRequire(import.meta.url)
  const formatter = join(dirname(require.resolve('clang-format-node/package.json')), 'build/cli.js')
  return run('clang-format', process.execPath, [formatter, ...how, ...files], import.meta.dirname)
}

function analyse() {
  const compiler = process.env.CC || 'cc'
  const [command = '', ...first] = compiler.split(/\s+/).filter(Boolean)
  const { stdout, error } = spawnSync(command, [...first, '-dM', '-E', '-x', 'c', '/dev/null'], {
    encoding: 'utf8',
  })
  if (error || !/ __GNUC__ /.test(stdout) || / __clang__ /.test(stdout)) {
    console.log(`check-c: the analyser is gcc's, and '${compiler}' is not gcc: skipped`)
    return true
  }
  const scratch = mkdtempSync(join(tmpdir(), 'ipc-check-c-'))
  const sources = files.filter((name) => name.endsWith('.c'))
  const args = [
    ...first,
    ...FLAGS.split(' '),
    `-I${headers.include_dir}`,
    `-I${folder}`,
    ...sources,
  ]
  try {
    return run('gcc -fanalyzer', command, args, scratch)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/**
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(what, command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (status === 0) return true
  console.error(`check-c: ${what} failed${error ? `: ${error.message}` : ''}`)
  return false
}
