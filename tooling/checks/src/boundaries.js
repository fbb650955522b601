/**
 * Which package may know what. Imports point one way:
 *
 *   native ← core ← { lock, semaphore, signals }     lock ← { sync, web-locks }
 *
 * Only core names `Atomics`, and what runs in a browser imports no module of Node.
 * Tests and their fixtures are exempt: they start threads and processes.
 *
 *   node boundaries.js [repository]
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Package → the packages of ours that it may import. */
const MAY_IMPORT = new Map([
  ['native', []],
  ['core', ['native']],
  ['lock', ['core']],
  ['semaphore', ['core']],
  ['signals', ['core', 'native']],
  ['sync', ['core', 'lock']],
  ['web-locks', ['core', 'lock']],
])

/** The only sources that run on Node alone. */
const NODE_ONLY = [
  'packages/core/src/platform/node.ts',
  'packages/native/src/',
  'packages/signals/src/',
]

const SOURCE = /\.[cm]?[jt]s$/
const EXEMPT = /\.test\.[cm]?[jt]s$|\/fixtures\//

/**
 * @param {string} root the repository
 * @returns {string[]} one message per violation, empty when all is well
 */
export function findViolations(root) {
  const folders = readdirSync(join(root, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  return folders.flatMap((name) => {
    const allowed = MAY_IMPORT.get(name)
    if (!allowed) {
      return [
        `packages/${name}: has no place among the layers; give it one in tooling/checks/src/boundaries.js`,
      ]
    }
    return [
      ...checkManifest(root, name, allowed),
      ...sourcesOf(root, name).flatMap((file) => checkSource(root, name, allowed, file)),
    ]
  })
}

/**
 * @param {string} root
 * @param {string} name
 * @param {string[]} allowed
 */
function checkManifest(root, name, allowed) {
  const file = `packages/${name}/package.json`
  const path = join(root, file)
  if (!existsSync(path)) return []
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(path, 'utf8'))
  return Object.keys({ ...dependencies, ...peerDependencies })
    .filter((dependency) => isForbiddenPackage(dependency, name, allowed))
    .map((dependency) => `${file}: depends on ${dependency}; ${layerRule(name, allowed)}`)
}

/**
 * @param {string} root
 * @param {string} name
 * @returns {string[]} relative to the root, with forward slashes
 */
function sourcesOf(root, name) {
  const folder = join(root, 'packages', name, 'src')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCE.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !EXEMPT.test(file))
}

/**
 * @param {string} root
 * @param {string} name
 * @param {string[]} allowed
 * @param {string} file
 */
function checkSource(root, name, allowed, file) {
  const { code, strings } = scan(readFileSync(join(root, file), 'utf8'))
  /** @type {string[]} */
  const violations = []
  /** @param {number} offset @param {string} what */
  const report = (offset, what) => {
    violations.push(`${file}:${code.slice(0, offset).split('\n').length}: ${what}`)
  }

  if (name !== 'core') {
    for (const { index } of code.matchAll(/\bAtomics\b/g)) {
      report(index, 'names Atomics; only packages/core/src touches shared words itself')
    }
  }

  const isNodeOnly = NODE_ONLY.some((prefix) => file.startsWith(prefix))
  const home = join(root, 'packages', name) + sep
  for (const match of code.matchAll(/\b(?:from|import\s*\(?|require\s*\()\s*"(\d+)"/g)) {
    const specifier = strings[Number(match[1])] ?? ''
    if (isForbiddenPackage(specifier, name, allowed)) {
      report(match.index, `imports ${specifier}; ${layerRule(name, allowed)}`)
    } else if (specifier.startsWith('.')) {
      const target = resolve(root, dirname(file), specifier)
      if (!target.startsWith(home)) {
        report(match.index, `imports ${specifier}, a file of another package; import that package`)
      }
    } else if (isBuiltin(specifier) && !isNodeOnly) {
      report(
        match.index,
        `imports ${specifier}; this file runs in browsers too, ` +
          'what Node adds belongs in packages/core/src/platform/node.ts',
      )
    }
  }
  return violations
}

/**
 * @param {string} specifier
 * @param {string} name
 * @param {string[]} allowed
 */
function isForbiddenPackage(specifier, name, allowed) {
  const target = /^@ipc\/([^/]+)/.exec(specifier)?.[1]
  return target !== undefined && target !== name && !allowed.includes(target)
}

/**
 * @param {string} name
 * @param {string[]} allowed
 */
function layerRule(name, allowed) {
  const packages =
    allowed.map((target) => `@ipc/${target}`).join(' and ') || 'no other package of ours'
  return `${name} may import ${packages}`
}

/**
 * Takes comments out and numbers the strings, so that neither is mistaken for code. Lines stay
 * where they are. Template literals stay as they are: they may contain code.
 *
 * @param {string} source
 */
function scan(source) {
  /** @type {string[]} */
  const strings = []
  const code = source.replace(
    /\/\/.*|\/\*[^]*?\*\/|`(?:\\[^]|[^\\`])*`|'(?:\\[^]|[^\\'\n])*'|"(?:\\[^]|[^\\"\n])*"/g,
    (token) => {
      if (token.startsWith('`')) return token
      if (token.startsWith('/')) return token.replace(/[^\n]/g, ' ')
      return `"${strings.push(token.slice(1, -1)) - 1}"`
    },
  )
  return { code, strings }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(process.argv[2] ?? '.')
  const violations = findViolations(root)
  for (const violation of violations) console.error(violation)
  if (violations.length > 0) process.exitCode = 1
  else console.log('boundaries: every package keeps to its layer')
}
