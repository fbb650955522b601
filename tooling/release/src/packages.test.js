import { expect, test } from 'vitest'
import { asPublished, entriesOf } from './packages.js'

const manifest = {
  name: '@ipc/some',
  version: '1.2.3',
  bin: { some: './dist/cli.js' },
  main: './dist/index.js',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  imports: { '#platform': { node: './dist/node.js', default: './dist/web.js' } },
  scripts: { test: 'vitest run' },
  devDependencies: { vitest: '1.0.0' },
  dependencies: { other: '1.0.0' },
}

test('entriesOf() is every file that a manifest names, once', () => {
  expect(entriesOf(manifest).toSorted()).toEqual([
    'dist/cli.js',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/node.js',
    'dist/web.js',
  ])
  expect(entriesOf({ name: '@ipc/none', version: '1.0.0' })).toEqual([])
})

test('asPublished() leaves out what only the repository can run, and says where that is', () => {
  const one = { manifest, folder: 'packages/some', directory: '/somewhere/packages/some' }
  const { scripts: _scripts, devDependencies: _devDependencies, ...rest } = manifest
  expect(asPublished(one, undefined)).toEqual(rest)
  expect(asPublished(one, 'git+https://git.example/some.git')).toEqual({
    ...rest,
    repository: {
      type: 'git',
      url: 'git+https://git.example/some.git',
      directory: 'packages/some',
    },
  })
})
