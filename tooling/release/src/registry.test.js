import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { disagreements, isLoopback, publishingEnvironment, registryAddress } from './registry.js'

describe('registryAddress()', () => {
  test.each([
    [undefined, 'say where to publish to'],
    ['', 'not an address'],
    ['127.0.0.1:4873', 'not an address'],
    ['localhost:4873', 'neither http nor https'],
    ['ftp://127.0.0.1/', 'neither http nor https'],
    ['http://registry.example/', 'not encrypted'],
    ['http://127.0.0.1.example/', 'not encrypted'],
    ['http://user:secret@127.0.0.1/', 'no user, password'],
    ['http://127.0.0.1/?x', 'no user, password'],
  ])('refuses %j', (given, message) => {
    expect(() => registryAddress(given)).toThrow(message)
  })

  test('accepts a local one, and others that are encrypted', () => {
    expect(registryAddress('http://127.0.0.1:4873').href).toBe('http://127.0.0.1:4873/')
    expect(registryAddress('https://registry.example/npm').href).toBe(
      'https://registry.example/npm/',
    )
  })
})

test.each([
  ['http://localhost:1/', true],
  ['http://127.1.2.3:1/', true],
  ['http://[::1]:1/', true],
  ['http://127.0.0.1.example:1/', false],
  ['http://localhost.example/', false],
  ['http://10.0.0.1/', false],
])('isLoopback() of %s is %s', (address, expected) => {
  expect(isLoopback(new URL(address))).toBe(expected)
})

describe('disagreements()', () => {
  const registry = new URL('http://127.0.0.1:4873/')
  const environment = publishingEnvironment(registry, {
    ...process.env,
    NPM_CONFIG_REGISTRY: 'https://registry.example/',
    'npm_config_@ipc:registry': 'https://registry.example/',
  })
  /** @type {string} */
  let directory

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ipc-registry-'))
    writeFileSync(join(directory, 'package.json'), '{}')
  })

  afterEach(() => rmSync(directory, { recursive: true }))

  test('are the manifests that say otherwise, whatever else was set before', () => {
    const fields = { registry: 'https://a.example/', '@ipc:registry': 'https://b.example/' }
    const manifest = { name: '@ipc/some', version: '1.0.0', publishConfig: fields }
    const one = { directory, folder: 'packages/some', manifest }
    expect(disagreements(registry, [one], environment)).toEqual([
      'packages/some/package.json: publishConfig.registry is https://a.example/',
      'packages/some/package.json: publishConfig.@ipc:registry is https://b.example/',
    ])
  }, 600_000)

  test('are the clients that were told something else', () => {
    const other = new URL('http://127.0.0.1:4874/')
    const manifest = { name: '@ipc/some', version: '1.0.0' }
    const found = disagreements(other, [{ directory, folder: 'some', manifest }], environment)
    expect(found).toHaveLength(4)
    expect(found[0]).toContain('npm would use http://127.0.0.1:4873/')
  }, 600_000)
})
