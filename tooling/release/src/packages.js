import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [publishConfig]
 * @property {unknown} [repository]
 * @property {Record<string, unknown>} [exports]
 *
 * @typedef {object} Package
 * @property {string} directory absolute
 * @property {string} folder relative to the repository
 * @property {Manifest} manifest
 */

/**
 * What is published.
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

/** Those that programs load; the others are commands. */
export function libraries(root = ROOT) {
  return publishedPackages(root).filter(({ manifest }) => manifest.exports?.['.'] !== undefined)
}

/**
 * Packs one as it would be published.
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
