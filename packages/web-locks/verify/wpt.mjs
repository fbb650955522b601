/**
 * Runs the subtests of the Web Platform Tests' `web-locks` folder that need no page, on the package as it
 * was built: WPT_DIR=/path/to/wpt node verify/wpt.mjs [node ...]
 *
 * The directory has resources/testharness.js and web-locks/; idlharness.https.any.js also needs
 * resources/idlharness.js, resources/WebIDLParser.js, interfaces/web-locks.idl and interfaces/html.idl.
 * Every file runs in a process of its own, with a directory of locks of its own, as a page and as a worker.
 * Without WPT_DIR nothing is run, and that is said. The arguments are binaries of Node; without them,
 * the one that runs this.
 */
import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const PAGE = fileURLToPath(new URL('page.cjs', import.meta.url))
const FILE_MS = 60_000
/** A subtest that hangs must not hide those after it. */
const SUBTEST_MS = 10_000

/** These need frames, navigation, storage partitions or service workers. */
const NEEDS_A_PAGE =
  /^(bfcache|crashtests|resources)\/|frames|clientids|opaque-origin|partitioned|non-fully-active|non-secure-context|storage-buckets|release-following-termination|windows|query-ordering.*\.html/
const IDL = [
  'resources/idlharness.js',
  'resources/WebIDLParser.js',
  'interfaces/web-locks.idl',
  'interfaces/html.idl',
]

const STATUS = ['pass', 'FAIL', 'TIMEOUT', 'NOTRUN', 'precondition']

/** @param {string} wpt */
function filesOf(wpt) {
  const hasIdl = IDL.every((file) => existsSync(join(wpt, file)))
  return readdirSync(join(wpt, 'web-locks'))
    .filter((file) => !NEEDS_A_PAGE.test(file))
    .filter((file) => file.endsWith('.any.js') || /^workers\..*\.html$/.test(file))
    .filter((file) => hasIdl || !file.includes('idlharness'))
    .toSorted()
}

/** The results of the subtests of one file. */
function runFile(node, task) {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const directory = mkdtempSync(join(parent, 'ipc-wpt-'))
  const child = fork(PAGE, [JSON.stringify({ ...task, timeoutMs: SUBTEST_MS })], {
    execPath: node,
    execArgv: ['--no-warnings'],
    env: { ...process.env, IPC_DIR: directory },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const results = []
  let output = ''
  let isComplete = false
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  child.on('message', (message) => {
    if (message.type === 'result') results.push({ ...message, status: STATUS[message.status] })
    if (message.type === 'complete') isComplete = message.status === 0
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), FILE_MS)
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      rmSync(directory, { recursive: true, force: true })
      const message = `ended with ${signal ?? code}: ${output.slice(-1000)}`
      if (!isComplete) results.push({ name: '(the file)', status: 'FAIL', message })
      done(results)
    })
  })
}

/** Whether all passed. */
async function runAll(node, wpt) {
  let passed = 0
  let all = 0
  const files = filesOf(wpt)
  for (const file of files) {
    for (const role of file.endsWith('.html') ? ['page'] : ['page', 'worker']) {
      for (const { name, status, message } of await runFile(node, { wpt, file, role })) {
        all++
        if (status === 'pass') passed++
        else console.log(`${status} ${file} (${role}): ${name}\n  ${message ?? ''}`)
      }
    }
  }
  console.log(`${node}: ${passed} of ${all} subtests of ${files.length} files pass`)
  return passed === all && all > 0
}

const { WPT_DIR } = process.env
if (WPT_DIR === undefined) {
  console.log('the Web Platform Tests were not run: WPT_DIR does not say where they are')
} else {
  const nodes = process.argv.slice(2)
  for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
    if (!(await runAll(node, resolve(WPT_DIR)))) process.exitCode = 1
  }
}
