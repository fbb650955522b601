import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { examplesOf } from './examples.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))
// The examples run beside this file, so that they find the packages as an application would.
const programs = fileURLToPath(new URL('../.examples/', import.meta.url))
mkdirSync(programs, { recursive: true })

const pages = ['.', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)]
  .map((folder) => join(root, folder))
  .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.md') && !file.endsWith('CHANGELOG.md'))

afterAll(() => rmSync(programs, { recursive: true, force: true }))

describe.each(pages)('%s', (page) => {
  const name = relative(root, page)
  for (const { line, code, output } of examplesOf(page)) {
    test(`line ${line} runs${output === null ? '' : ' and prints what it says'}`, async () => {
      const program = join(programs, `${name.replaceAll(/\W/g, '-')}-${line}.mjs`)
      const directory = mkdtempSync(join(tmpdir(), 'ipc-docs-'))
      writeFileSync(program, code)
      try {
        const { stdout } = await run(process.execPath, [program], {
          env: { ...process.env, IPC_DIR: join(directory, 'ipc') },
        })
        expect(stdout).toBe(output ?? stdout)
      } finally {
        rmSync(directory, { recursive: true, force: true })
      }
    })
  }
})

test('finds the examples of the first page', () => {
  expect(examplesOf(join(root, 'README.md')).length).toBeGreaterThanOrEqual(3)
})
