/** A runtime that lets JavaScript see no memory of ours: Electron, or V8 with its memory sandbox. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const PACKAGE = fromHere('..')
const SHIM = fromHere('fixtures/refuses-external-buffers.c')

let home: string
let compiled: ReturnType<typeof spawnSync>

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ipc-refused-'))
  for (const part of ['dist', 'c', 'build.mjs', 'node_modules']) {
    cpSync(join(PACKAGE, part), join(home, part), { recursive: true, verbatimSymlinks: false })
  }
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }')
  cpSync(SHIM, join(home, 'c', 'refuses-external-buffers.c'))
  compiled = spawnSync(process.execPath, [join(home, 'build.mjs')], { encoding: 'utf8' })
}, 120_000)

afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Returns what a program says in such a runtime, as JSON. */
function said(program: string): unknown {
  const prelude = `
    import { pathToFileURL } from 'node:url'
    const { load } = await import(pathToFileURL(process.argv[1] + '/dist/index.js').href)
  `
  const flags = ['--input-type=module', '--eval', prelude + program, home]
  const cwd = fromHere('../../lock') // where the other packages are found
  const run = spawnSync(process.execPath, flags, { cwd, encoding: 'utf8' })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout)
}

test('the addon says why it is of no use, and nothing else', () => {
  expect(compiled.stderr).toBe('')
  const { keys, reason } = said(`
    const loaded = load()
    console.log(JSON.stringify({ keys: Object.keys(loaded), reason: loaded.reason }))
  `) as { keys: string[]; reason: string }
  expect(keys).toEqual(['reason'])
  expect(reason).toContain('external ArrayBuffers')
  expect(reason).toContain('Electron')
})

test('it says so in a worker too, and when it is asked again', () => {
  expect(
    said(`
      import { Worker } from 'node:worker_threads'
      const main = load().reason === load().reason
      const source = 'const { parentPort, workerData } = require("node:worker_threads");' +
        'import(workerData).then(({ load }) => parentPort.postMessage(load().reason))'
      const workerData = pathToFileURL(process.argv[1] + '/dist/index.js').href
      const worker = new Worker(source, { eval: true, execArgv: [], workerData })
      worker.once('message', (reason) =>
        console.log(JSON.stringify({ main, worker: reason === load().reason })))
    `),
  ).toEqual({ main: true, worker: true })
})
