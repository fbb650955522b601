/** Tests the contents of the packages, as they would be published. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { libraries, pack, publishedPackages, unpackInto } from './packages.js'

const packages = publishedPackages()
const folder = mkdtempSync(join(tmpdir(), 'ipc-packed-'))

/** The tarball of each package by name, and its files. @type {Map<string, ReturnType<typeof pack>>} */
const packed = new Map()

/** @param {string} name */
function tarballOf(name) {
  const found = packed.get(name)
  if (found === undefined) throw new Error(`${name} was not packed`)
  return found
}

/** @param {string} project */
function installInto(project, names = packages.map(({ manifest }) => manifest.name)) {
  for (const name of names) unpackInto(project, name, tarballOf(name).file)
}

beforeAll(() => {
  for (const one of packages) packed.set(one.manifest.name, pack(one, folder))
}, 600_000)

afterAll(() => rmSync(folder, { recursive: true }))

describe.each(packages.map((one) => [one.manifest.name, one]))('%s', (name, one) => {
  /** @returns {import('./packages.js').Manifest & Record<string, any>} as published */
  function manifest() {
    const { file } = tarballOf(name)
    return JSON.parse(
      execFileSync('tar', ['xzOf', file, 'package/package.json'], { encoding: 'utf8' }),
    )
  }

  test('has what it was built from, the licence, the page, and nothing else', () => {
    const allowed = [/^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/]
    if (name === '@ipc/native') {
      allowed.push(
        /^build\.mjs$/,
        /^c\/(\w+\/)?\w+\.[ch]$/,
        /^prebuilds\/linux-(x64|arm64)\/ipc\.node$/,
      )
    }
    // The command is a bundle of all of its sources, made in an empty folder.
    if (name === '@ipc/cli') allowed.push(/^dist\/bundle\/([\w-]+\.cjs|commander\.txt)$/)
    const { files } = tarballOf(name)
    const built = files.filter((path) => /^dist\/(?!bundle\/)/.test(path))
    expect(
      files.filter((path) => !built.includes(path) && !allowed.some((a) => a.test(path))),
    ).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE']))
    // Each file has its source: a deleted one is not shipped. If this fails, remove dist.
    const sources = built.map((path) =>
      path.replace(/^dist/, 'src').replace(/(\.d\.ts|\.js)$/, '.ts'),
    )
    expect(sources.filter((path) => !existsSync(join(one.directory, path)))).toEqual([])
    expect(built.filter((path) => /\.test\.|fixtures/.test(path))).toEqual([])
    const types = built.filter((path) => path.endsWith('.d.ts'))
    expect(types.length).toBe(one.manifest.exports?.['.'] ? built.length / 2 : 0)
  })

  test('says what people and tools look for, and depends on releases', () => {
    const { scripts, description, keywords, license, type, engines, publishConfig, dependencies } =
      manifest()
    expect({ license, type, publishConfig }).toEqual({
      license: 'MIT',
      type: 'module',
      publishConfig: { access: 'public' },
    })
    expect(engines.node).toBe('^20.19.0 || >=22.12.0')
    expect(description.length).toBeGreaterThan(20)
    expect(keywords.length).toBeGreaterThan(3)
    for (const [dependency, range] of Object.entries(dependencies ?? {})) {
      const ours = packages.find((other) => other.manifest.name === dependency)
      // A dependency of others has one exact version.
      const released = ours ? `^${ours.manifest.version}` : range.replace(/^[^\d]*/, '')
      expect({ dependency, range }).toEqual({ dependency, range: released })
    }
    // The installation of a package runs nothing.
    expect(Object.keys(scripts ?? {}).filter((script) => /install|prepare/.test(script))).toEqual(
      [],
    )
  })

  test('publint has nothing to say', async () => {
    const { file } = tarballOf(name)
    const { messages, pkg } = await publint({
      pack: { tarball: toArrayBuffer(file) },
      strict: true,
    })
    const said = messages.map((message) => formatMessage(message, pkg, { color: false }))
    // The release fills in where the sources are.
    expect(said.filter((text) => !/pkg\.repository/.test(text ?? ''))).toEqual([])
  })

  test('maps of sources are not announced: there are none', () => {
    const { file } = tarballOf(name)
    const text = execFileSync('tar', ['xzOf', file, '--wildcards', 'package/dist/*'], {
      encoding: 'utf8',
    })
    expect(text).not.toContain('sourceMappingURL')
  })
})

/** @param {string} file */
function toArrayBuffer(file) {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  return buffer.slice(byteOffset, byteOffset + byteLength)
}

describe('an application', () => {
  const project = join(folder, 'application')

  /** @param {string} name @param {string} program */
  function printed(name, program) {
    writeFileSync(join(project, name), program)
    const { stdout, stderr } = spawnSync(process.execPath, [name], {
      cwd: project,
      env: { ...process.env, IPC_DIR: join(folder, 'ipc'), NODE_OPTIONS: '' },
      encoding: 'utf8',
    })
    return stderr + stdout
  }

  beforeAll(() => {
    installInto(project)
    // The application has a second copy of everything that @ipc/lock needs, as two ranges would bring it.
    installInto(join(project, 'node_modules/other'), ['@ipc/lock', '@ipc/core', '@ipc/native'])
    writeFileSync(
      join(project, 'node_modules/other/index.js'),
      `exports.lock = require('@ipc/lock')`,
    )
  })

  test('may import or require each of them, without a warning', () => {
    const names = libraries().map(({ manifest }) => manifest.name)
    const same = `same(${names.map((name) => `'${name}'`).join()})`
    const program = `
      const same = async (...names) => {
        for (const name of names) if (require(name) !== (await import(name)))
          throw new Error(name + ': two instances')
        console.log('the same')
      }
      ${same}`
    expect(printed('both.cjs', program)).toBe('the same\n')
  })

  test('with two copies of the core has one agent per thread, and one hold', () => {
    const program = `
      const { Lock } = require('@ipc/lock')
      const copy = require('other').lock.Lock
      if (copy === Lock) throw new Error('one copy only')
      const [ours, theirs] = [Lock.open('copies'), copy.open('copies')]
      const guard = ours.acquire()
      const { pid, threadId } = theirs.inspect().owner
      console.log(pid === process.pid, threadId, theirs.tryAcquire())
      try { theirs.acquire() } catch ({ code }) { console.log(code) }
      theirs.release()
      console.log(guard.held)
      guard.release() // nothing is left to release
      console.log(theirs.tryAcquire().abandoned, ours.tryAcquire())`
    expect(printed('copies.cjs', program)).toBe(
      'true 0 null\nERR_IPC_DEADLOCK\nfalse\nfalse null\n',
    )
  })

  test('in a browser gets no module of Node and no addon', () => {
    const core = join(project, 'node_modules/@ipc/core')
    const { imports } = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'))
    expect(imports['#platform']).toEqual({
      node: './dist/platform/node.js',
      default: './dist/platform/web.js',
    })
    expect(readFileSync(join(core, 'dist/platform/web.js'), 'utf8')).not.toMatch(/\bimport\b/)
  })
})
