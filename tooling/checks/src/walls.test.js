import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url))
const OXLINT = createRequire(join(REPOSITORY, 'package.json')).resolve('oxlint/package.json')

/** The rules that hold the walls. Other rules complain about such small files, too, and are left out. */
const WALLS = /\b(no-cycle|no-nodejs-modules|no-restricted-(globals|properties|imports))\b/

/** @type {string[]} */
const trees = []

/**
 * @param {Record<string, string>} files
 * @returns {string} the root of a repository that has these files, and the rules of ours
 */
function plant(files) {
  const root = mkdtempSync(join(tmpdir(), 'walls-'))
  trees.push(root)
  copyFileSync(join(REPOSITORY, '.oxlintrc.json'), join(root, '.oxlintrc.json'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}

afterEach(() => {
  for (const root of trees.splice(0)) rmSync(root, { recursive: true })
})

/**
 * Runs the linter as the script `check` of a package does.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {string[]} rule, file and message of each breach
 */
function breaches(root, folder) {
  const oxlint = join(dirname(OXLINT), 'bin/oxlint')
  const args = [oxlint, '-c', join(root, '.oxlintrc.json'), '-f', 'json', '.']
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: join(root, folder),
    encoding: 'utf8',
  })
  if (!stdout.startsWith('{')) throw new Error(`oxlint did not run: ${stdout}${stderr}`)
  /** @type {{ diagnostics: { code: string, filename: string, message: string, help?: string }[] }} */
  const { diagnostics } = JSON.parse(stdout)
  return diagnostics
    .map(({ code, filename, message, help }) => `${filename}: ${code}: ${message} ${help ?? ''}`)
    .filter((breach) => WALLS.test(breach))
}

const SOUND = {
  'packages/native/src/index.ts': `import { createRequire } from 'node:module'\n`,
  'packages/core/src/memory/memory.ts': `export const load = Atomics.load\nimport { park } from '#platform'\n`,
  'packages/core/src/platform/node.ts': `import { map } from '@ipc/native'\nimport 'node:os'\n`,
  'packages/core/src/platform/web.ts': `export {}\n`,
  'packages/explorer/src/atomics.ts': `import type { Memory } from '@ipc/core'\nconst real = Atomics\n`,
  'packages/explorer/src/code/event-loop.ts': `import { setFlagsFromString } from 'node:v8'\n`,
  'packages/lock/src/lock.ts': [
    `// Atomics and import 'node:fs' may stand in a comment`,
    `/* import '@ipc/native' */`,
    `import { Memory } from '@ipc/core'`,
    `import { AsyncQueue } from '@ipc/core/author'`,
    `import { word } from './word.ts'`,
    `export const text = "import 'node:fs' and Atomics"`,
    `Buffer.from('fs')`,
  ].join('\n'),
  'packages/lock/src/word.ts': `export const word = \`// \${'not a comment'}\`\n`,
  'packages/lock/src/lock.test.ts': `import 'node:worker_threads'\nAtomics.load\n`,
  'packages/lock/src/fixtures/child.mjs': `import 'node:worker_threads'\nAtomics.load\n`,
  'packages/semaphore/src/index.ts': `import '@ipc/core'\n`,
  'packages/signals/src/index.ts': `import '@ipc/native'\nimport '@ipc/core'\nimport 'node:events'\n`,
  'packages/sync/src/index.ts': `import '@ipc/core'\nimport '@ipc/lock'\n`,
  'apps/cli/src/cli.ts': `import 'node:fs'\nimport '@ipc/signals'\nAtomics.load\n`,
}

test('the linter accepts packages that keep to their layers', () => {
  expect(breaches(plant(SOUND), '.')).toEqual([])
})

test.each([
  ['packages/lock/src/a.ts', `\nAtomics.load(words, 0)`, 'Only packages/core touches shared words'],
  ['packages/signals/src/a.ts', `const { Atomics } = globalThis`, 'globalThis.Atomics'],
  ['packages/sync/src/a.ts', '`${Atomics.load(words, 0)}`', `'Atomics'`],
  ['packages/lock/src/a.ts', `/*\n*/ import '@ipc/native'`, 'may import @ipc/core'],
  ['packages/semaphore/src/a.ts', `import { x } from "@ipc/native"`, `'@ipc/native'`],
  [
    'packages/native/src/a.ts',
    `import type { Memory } from '@ipc/core'`,
    'no other package of ours',
  ],
  ['packages/core/src/a.ts', `await import('@ipc/lock')`, '@ipc/core may import @ipc/native'],
  ['packages/core/src/platform/node.ts', `export * from '@ipc/lock'`, `'@ipc/lock'`],
  ['packages/explorer/src/check.ts', `Atomics.load(words, 0)`, `'Atomics'`],
  ['packages/explorer/src/check.ts', `import 'node:v8'`, '`node:v8`'],
  ['packages/explorer/src/a.ts', `import { Lock } from '@ipc/lock'`, 'may import @ipc/core'],
  ['packages/lock/src/a.ts', `import '@ipc/sync'`, `'@ipc/sync'`],
  ['packages/semaphore/src/a.ts', `import '@ipc/lock'`, `'@ipc/lock'`],
  ['packages/signals/src/a.ts', `import '@ipc/semaphore/x'`, `'@ipc/semaphore/x'`],
  ['packages/sync/src/a.ts', `import '../../core/src/memory.ts'`, 'stays inside its package'],
  [
    'packages/sync/src/deep/a.ts',
    `import '../../../lock/dist/lock.js'`,
    'stays inside its package',
  ],
  ['packages/core/src/a.ts', `import {\n  x,\n} from 'node:fs'`, '`node:fs`'],
  ['packages/core/src/platform/web.ts', `import 'node:os'`, '`node:os`'],
  ['packages/lock/src/a.ts', `const fs = require('fs')`, '`fs`'],
  ['packages/sync/src/deep/a.ts', `import type { X } from 'node:events'`, '`node:events`'],
  ['packages/queue/src/a.ts', `import '@ipc/core'`, 'has no place among the layers'],
])('the linter finds in %s: %j', (file, text, message) => {
  const folder = file.split('/').slice(0, 2).join('/')
  const found = breaches(plant({ ...SOUND, [file]: text }), folder)
  expect(found).toHaveLength(1)
  expect(found[0]).toContain(message)
  expect(found[0]).toContain(file.slice(folder.length + 1))
})

test.each([
  ['values', `import { b } from './b.ts'\nexport const a = () => b\n`],
  ['types', `import type { b } from './b.ts'\nexport type a = typeof b\n`],
])('the linter finds a circle of %s', (_, a) => {
  const circle = {
    'packages/lock/src/a.ts': a,
    'packages/lock/src/b.ts': `import type { a } from './a.ts'\nexport const b = (x: a) => x\n`,
  }
  const found = breaches(plant({ ...SOUND, ...circle }), 'packages/lock')
  expect(found.map((one) => one.split(':')[0])).toEqual(['src/a.ts', 'src/b.ts'])
})

test('the linter holds the walls of this repository', () => {
  const oxlint = join(dirname(OXLINT), 'bin/oxlint')
  const args = [oxlint, '-c', '.oxlintrc.json', '--deny-warnings', 'packages']
  expect(() => execFileSync(process.execPath, args, { cwd: REPOSITORY })).not.toThrow()
})
