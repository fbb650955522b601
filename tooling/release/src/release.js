/**
 * The maintainer's command, at the root of the repository:
 *
 *   pnpm release                            says what a release would be; changes and sends nothing
 *   pnpm release version                    turns the changesets into versions and changelogs
 *   pnpm release publish --registry <address> [--repository <address>]
 *                                           publishes what the registry does not have yet
 *
 * Only the release workflow publishes to anywhere but this machine: it can prove where the packages
 * were built (provenance).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build, COMPILERS, faultsOf } from './binaries.js'
import { asPublished, entriesOf, pack, publishedPackages, ROOT } from './packages.js'
import { disagreements, isLoopback, publishingEnvironment, registryAddress } from './registry.js'

class Refusal extends Error {}

/** @param {string} why @returns {never} */
function refuse(why) {
  throw new Refusal(why)
}

/**
 * @param {string} command
 * @param {string[]} given
 * @param {NodeJS.ProcessEnv} [env]
 */
function run(command, given, env = process.env) {
  const { status, error } = spawnSync(command, given, { cwd: ROOT, env, stdio: 'inherit' })
  if (error) refuse(`cannot run ${command}: ${error.message}`)
  if (status !== 0) refuse(`failed: ${command} ${given.join(' ')}`)
}

/** Builds everything that is shipped anew, whatever was there before. */
function buildAll() {
  const filters = publishedPackages().map(({ manifest }) => `--filter=${manifest.name}`)
  run('pnpm', ['exec', 'turbo', 'run', 'build', ...filters, '--output-logs=errors-only'])
  for (const arch of COMPILERS.keys()) {
    try {
      build(arch)
    } catch (error) {
      refuse(/** @type {Error} */ (error).message)
    }
    const faults = faultsOf(arch)
    if (faults.length > 0) refuse(`the binary for ${arch} does not fit:\n  ${faults.join('\n  ')}`)
    console.log(`built linux-${arch}: names no library, glibc 2.28 and later or musl`)
  }
}

function pendingChangesets() {
  return readdirSync(join(ROOT, '.changeset')).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  )
}

/** Packs each package, and checks that it contains everything that its manifest names. */
function packAll() {
  const folder = mkdtempSync(join(tmpdir(), 'ipc-release-'))
  try {
    for (const one of publishedPackages()) {
      const { file, files } = pack(one, folder)
      const { name, version } = one.manifest
      const absent = entriesOf(one.manifest).filter((entry) => !files.includes(entry))
      if (absent.length > 0) refuse(`${name} names what it does not have: ${absent.join(', ')}`)
      console.log(`${name}@${version}: ${files.length} files, ${statSync(file).size} bytes packed`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function showPlan() {
  const changesets = pendingChangesets()
  console.log(`\n${changesets.length} changesets wait for \`release version\``)
  if (changesets.length > 0) run('pnpm', ['exec', 'changeset', 'status', '--verbose'])
  buildAll()
  packAll()
  console.log(
    '\nNothing was changed and nothing was sent. See `release version`, `release publish`.',
  )
}

function makeVersions() {
  if (pendingChangesets().length === 0)
    refuse('there is no changeset: nothing has changed for users')
  run('pnpm', ['exec', 'changeset', 'version'])
  const written = publishedPackages().flatMap(({ folder }) => [
    `${folder}/package.json`,
    `${folder}/CHANGELOG.md`,
  ])
  run('pnpm', ['exec', 'prettier', '--write', '--log-level', 'warn', ...written])
  for (const { manifest } of publishedPackages())
    console.log(`${manifest.name} ${manifest.version}`)
  console.log('Look at the changelogs and commit; the release workflow publishes what main has.')
}

/**
 * @param {string | undefined} registryGiven
 * @param {string | undefined} repositoryGiven
 */
function publish(registryGiven, repositoryGiven) {
  const { env } = process
  const registry = registryAddress(registryGiven)
  const isLocal = isLoopback(registry)
  const hasProvenance = env['ACTIONS_ID_TOKEN_REQUEST_URL'] !== undefined
  if (!isLocal && !hasProvenance) {
    refuse(`to ${registry.host}: only the release workflow can prove where a package was built`)
  }
  const repository = repositoryGiven ?? ofWorkflow(env)
  if (!isLocal && repository === undefined)
    refuse('say where the sources are: --repository <address>')
  if (outputOf('git', ['status', '--porcelain']) !== '') {
    refuse('the work tree has changes that are not committed')
  }
  if (pendingChangesets().length > 0)
    refuse('changesets are waiting: run `release version`, commit')
  const packages = publishedPackages()
  for (const { manifest } of packages) {
    if (manifest.version === '0.0.0') refuse(`${manifest.name} has no version yet`)
  }
  const environment = publishingEnvironment(registry, env)
  if (!isLocal) environment['NPM_CONFIG_PROVENANCE'] = 'true'
  const others = disagreements(registry, packages, environment)
  if (others.length > 0) refuse(`not everybody would publish there:\n  ${others.join('\n  ')}`)

  buildAll()
  packAll()
  withManifestsAsPublished(packages, repository, () => {
    run('pnpm', ['exec', 'changeset', 'publish'], environment)
  })
}

/** @param {NodeJS.ProcessEnv} env */
function ofWorkflow({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository }) {
  return server && repository ? `git+${server}/${repository}.git` : undefined
}

/**
 * @param {import('./packages.js').Package[]} packages
 * @param {string | undefined} repository
 * @param {() => void} action
 */
function withManifestsAsPublished(packages, repository, action) {
  const files = packages.map((one) => {
    const path = join(one.directory, 'package.json')
    return { one, path, text: readFileSync(path, 'utf8') }
  })
  try {
    for (const { one, path } of files) {
      writeFileSync(path, `${JSON.stringify(asPublished(one, repository), null, 2)}\n`)
    }
    action()
  } finally {
    for (const { path, text } of files) writeFileSync(path, text)
  }
}

/** @param {string} command @param {string[]} given */
function outputOf(command, given) {
  const { status, stdout } = spawnSync(command, given, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) refuse(`failed: ${command} ${given.join(' ')}`)
  return stdout.trim()
}

/** @param {string[]} given */
function main(given) {
  const { values, positionals } = parseArgs({
    args: given.filter((argument) => argument !== '--'),
    allowPositionals: true,
    options: { registry: { type: 'string' }, repository: { type: 'string' } },
  })
  const [command = 'plan', ...rest] = positionals
  if (rest.length > 0) refuse(`too many words: ${rest.join(' ')}`)
  if (command !== 'publish' && Object.keys(values).length > 0) {
    refuse(`${command} takes no option`)
  }
  if (command === 'plan') return showPlan()
  if (command === 'version') return makeVersions()
  if (command === 'publish') return publish(values.registry, values.repository)
  return refuse(`no such command: ${command} (version, publish, or nothing for a plan)`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    main(process.argv.slice(2))
  } catch (error) {
    console.error(`release: ${error instanceof Error ? error.message : String(error)}`)
    if (!(error instanceof Refusal) && !isUsage(error)) console.error(error)
    process.exitCode = 1
  }
}

/** @param {unknown} error */
function isUsage(error) {
  return (
    error instanceof Error &&
    (!('code' in error) || String(error.code).startsWith('ERR_PARSE_ARGS'))
  )
}
