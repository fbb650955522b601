import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findViolations } from './boundaries.js'

/** @type {string[]} */
const trees = []

/**
 * @param {Record<string, string>} files
 * @returns {string} the root of a repository that has these files
 */
function plant(files) {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'))
  trees.push(root)
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return root
}

afterEach(() => {
  for (const root of trees.splice(0)) rmSync(root, { recursive: true })
})

const SOUND = {
  'packages/native/src/index.ts': `import { createRequire } from 'node:module'\n`,
  'packages/core/src/memory.ts': `export const load = Atomics.load\nimport { park } from '#platform'\n`,
  'packages/core/src/platform/node.ts': `import { map } from '@ipc/native'\nimport 'node:os'\n`,
  'packages/core/src/platform/web.ts': `export {}\n`,
  'packages/explorer/src/atomics.ts': `import type { Memory } from '@ipc/core'\nconst real = Atomics\n`,
  'packages/explorer/src/code/event-loop.ts': `import { setFlagsFromString } from 'node:v8'\n`,
  'packages/lock/package.json': `{ "dependencies": { "@ipc/core": "workspace:^" } }`,
  'packages/lock/src/lock.ts': [
    `// Atomics and import 'node:fs' may stand in a comment`,
    `/* import '@ipc/native' */`,
    `import { Memory } from '@ipc/core'`,
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
}

test('findViolations() accepts a repository that keeps to its layers', () => {
  expect(findViolations(plant(SOUND))).toEqual([])
})

test.each([
  ['packages/lock/src/a.ts', `\nAtomics.load(words, 0)`, ':2: names Atomics'],
  ['packages/signals/src/a.ts', `const { Atomics } = globalThis`, ':1: names Atomics'],
  ['packages/sync/src/a.ts', '`${Atomics.load(words, 0)}`', ':1: names Atomics'],
  ['packages/lock/src/a.ts', `/*\n*/ import '@ipc/native'`, ':2: imports @ipc/native'],
  ['packages/explorer/src/check.ts', `Atomics.load(words, 0)`, ':1: names Atomics'],
  ['packages/explorer/src/check.ts', `import 'node:v8'`, 'imports node:v8'],
  ['packages/explorer/src/a.ts', `import { Lock } from '@ipc/lock'`, 'imports @ipc/lock'],
  ['packages/semaphore/src/a.ts', `import { x } from "@ipc/native"`, 'imports @ipc/native'],
  ['packages/native/src/a.ts', `import type { Memory } from '@ipc/core'`, 'imports @ipc/core'],
  ['packages/core/src/a.ts', `await import('@ipc/lock')`, 'imports @ipc/lock'],
  ['packages/core/src/platform/node.ts', `export * from '@ipc/lock'`, 'imports @ipc/lock'],
  ['packages/lock/src/a.ts', `import '@ipc/sync'`, 'imports @ipc/sync'],
  ['packages/semaphore/src/a.ts', `import '@ipc/lock'`, 'imports @ipc/lock'],
  ['packages/signals/src/a.ts', `import '@ipc/semaphore/x'`, 'imports @ipc/semaphore/x'],
  ['packages/sync/src/a.ts', `import '../../core/src/memory.ts'`, 'a file of another package'],
  ['packages/core/src/a.ts', `import {\n  x,\n} from 'node:fs'`, ':3: imports node:fs'],
  ['packages/core/src/platform/web.ts', `import 'node:os'`, 'imports node:os'],
  ['packages/lock/src/a.ts', `const fs = require('fs')`, 'imports fs'],
  ['packages/sync/src/deep/a.js', `import type { X } from 'node:events'`, 'imports node:events'],
  ['packages/lock/package.json', `{ "dependencies": { "@ipc/native": "*" } }`, 'depends on'],
  ['packages/queue/src/a.ts', `export {}`, 'has no place among the layers'],
])('findViolations() finds in %s: %j', (file, text, message) => {
  const violations = findViolations(plant({ ...SOUND, [file]: text }))
  expect(violations).toHaveLength(1)
  expect(violations[0]).toContain(message)
  expect(violations[0]).toMatch(new RegExp(`^${file.split('/').slice(0, 2).join('/')}`))
})
