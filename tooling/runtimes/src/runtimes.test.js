// Thread scope in Chromium, Deno and Bun, and process scope where the addon loads.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { examplesOf } from '../../docs/src/examples.js'
import { chromium, openPage } from './browser.js'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'ipc-runtimes-'))
const programs = fileURLToPath(new URL('../programs/', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
/** A folder that the server of the pages can see, and git does not. */
const examples = fileURLToPath(new URL('../.examples/', import.meta.url))
const reports = fileURLToPath(new URL('../reports/', import.meta.url))
const env = { ...process.env, IPC_DIR: join(folder, 'ipc') }

/** The result that `main.mjs` must send. */
const ALL_WELL = { counter: 6000, expected: 6000, index: true, free: true }

beforeAll(() => run('npm', ['install', '--prefix', folder, 'deno@2.9.6', 'bun@1.4.5']))
afterAll(() => {
  for (const made of [folder, examples]) rmSync(made, { recursive: true, force: true })
})

const RUNTIMES = [
  { name: 'deno', args: ['run', '-A', '--node-modules-dir=manual'] },
  { name: 'bun', args: [] },
]

describe.each(RUNTIMES)('$name', ({ name, args }) => {
  const start = async (program, ...more) => {
    const command = join(folder, 'node_modules/.bin', name)
    const { stdout } = await run(command, [...args, join(programs, program), ...more], { env })
    return JSON.parse(stdout)
  }
  const startNode = async () => {
    const { stdout } = await run(process.execPath, [join(programs, 'process.mjs')], { env })
    return JSON.parse(stdout)
  }
  const keepAndDie = (promise) => expect(promise).rejects.toMatchObject({ signal: 'SIGKILL' })

  test('thread scope: the main thread and two workers', async () => {
    expect(await start('main.mjs')).toMatchObject({ ...ALL_WELL, processScope: 'works' })
  })

  test('process scope, together with Node: a lock passes on from a killed owner', async () => {
    expect(await start('process.mjs')).toEqual({ has: true, abandoned: false })
    await keepAndDie(start('process.mjs', 'keep'))
    expect(await startNode()).toEqual({ has: true, abandoned: true })
    await keepAndDie(run(process.execPath, [join(programs, 'process.mjs'), 'keep'], { env }))
    expect(await start('process.mjs')).toEqual({ has: true, abandoned: true })
    expect(await startNode()).toEqual({ has: true, abandoned: false })
  })
})

describe.skipIf(chromium === undefined)(
  `Chromium (${chromium ?? 'none here: apt-get install chromium'})`,
  () => {
    test('a page that is cross-origin isolated, and two workers', async () => {
      const page = '/tooling/runtimes/programs/page.html'
      const { result } = await openPage(page, join(folder, 'profile'))
      expect(result).toEqual({
        ...ALL_WELL,
        isolated: true,
        processScope: 'ERR_IPC_UNSUPPORTED',
      })
    })

    test('a page that is not isolated: everything loads, and says what its server must send', async () => {
      const page = '/tooling/runtimes/programs/not-isolated.html'
      const { result } = await openPage(page, join(folder, 'profile'), { isolated: false })
      const { failures, ...rest } = result
      expect(rest).toEqual({ isolated: false, shares: 'undefined', supported: false })
      const { 'Lock.open': named, ...made } = failures
      expect(named.code).toBe('ERR_IPC_UNSUPPORTED')
      expect(Object.keys(made)).toHaveLength(9)
      for (const { code, message } of Object.values(made)) {
        expect(code).toBe('ERR_IPC_UNSUPPORTED')
        expect(message).toMatch(/COOP.*COEP/)
      }
    })

    test('the explorer prints in a page what its README says', async () => {
      const [example] = examplesOf(join(root, 'packages/explorer/README.md'))
      const code = example.code.replace('console.log(', 'globalThis.result = (')
      mkdirSync(examples, { recursive: true })
      writeFileSync(join(examples, 'explorer.mjs'), code)
      writeFileSync(
        join(examples, 'explorer.html'),
        '<!doctype html><script type="module" src="./explorer.mjs"></script>',
      )
      const page = '/tooling/runtimes/.examples/explorer.html'
      const { result } = await openPage(page, join(folder, 'profile'))
      expect(`${result}\n`).toBe(example.output)
    })

    test('the example: nothing is lost under the lock', async () => {
      const page = '/examples/browser/index.html'
      const { result, picture } = await openPage(page, join(folder, 'profile'))
      expect(result).toEqual({
        without: expect.any(Number),
        with: 150_000,
        expected: 150_000,
      })
      mkdirSync(reports, { recursive: true })
      writeFileSync(join(reports, 'browser.png'), picture)
    })
  },
)
