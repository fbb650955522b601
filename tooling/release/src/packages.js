import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [publishConfig]
 * @property {unknown} [repository]
 * @property {Record<string, unknown>} [exports]
 * @property {Record<string, unknown>} [imports]
 * @property {Record<string, string>} [bin]
 * @property {string} [main]
 * @property {string} [types]
 *
 * @typedef {object} Package
 * @property {string} directory absolute
 * @property {string} folder relative to the repository
 * @property {Manifest} manifest
 */

/**
 * Lists the packages that are published.
 *
 * @param {string} [root]
 * @returns {Package[]}
 */
export function publishedPackages(root = ROOT) {
  return ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({ folder, directory: join(root, folder) }))
    .map((place) => ({
      ...place,
      manifest: JSON.parse(readFileSync(join(place.directory, 'package.json'), 'utf8')),
    }))
    .filter(({ manifest }) => !manifest.private)
}

/** Lists the packages that programs load; the others are commands. */
export function libraries(root = ROOT) {
  return publishedPackages(root).filter(({ manifest }) => manifest.exports?.['.'] !== undefined)
}

/**
 * Lists the files that a manifest names, which programs and shells will search for.
 *
 * @param {Manifest} manifest
 * @returns {string[]} relative to the package
 */
export function entriesOf({ main, types, bin, exports, imports }) {
  /** @param {unknown} value @returns {string[]} */
  const textsIn = (value) =>
    typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsIn)
      : [String(value)]
  const named = [main, types, bin, exports, imports].filter((value) => value !== undefined)
  return [...new Set(named.flatMap(textsIn).map((path) => path.replace(/^\.\//, '')))]
}

/**
 * Makes the manifest that the registry gets: without the parts that only this repository can run, and
 * with the place of the sources, which only the publishing machine knows.
 *
 * @param {Package} of
 * @param {string | undefined} url of the repository
 * @returns {Manifest}
 */
export function asPublished({ manifest, folder }, url) {
  const { scripts: _scripts, devDependencies: _devDependencies, ...rest } = manifest
  return url === undefined ? rest : { ...rest, repository: { type: 'git', url, directory: folder } }
}

/**
 * Packs a package as it would be published.
 *
 * @param {Package} of
 * @param {string} to a folder
 * @returns {{ file: string, files: string[] }} the tarball, and what is in it
 */
export function pack(of, to) {
  const out = execFileSync('pnpm', ['pack', '--json', '--pack-destination', to], {
    cwd: of.directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const file = JSON.parse(out).filename
  const listed = execFileSync('tar', ['tzf', file], { encoding: 'utf8' }).trim().split('\n')
  return { file, files: listed.map((path) => path.replace(/^package\//, '')).toSorted() }
}

/**
 * Unpacks a package as an installation would.
 *
 * @param {string} project
 * @param {string} name of the package
 * @param {string} file its tarball
 */
export function unpackInto(project, name, file) {
  const to = join(project, 'node_modules', name)
  mkdirSync(to, { recursive: true })
  execFileSync('tar', ['xzf', file, '-C', to, '--strip-components=1'])
}
