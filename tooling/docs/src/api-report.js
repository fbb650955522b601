/**
 * Writes the public API of a package from its declarations as they are published: the exports of its
 * index, and the declarations that these refer to, without comments. `api/*.md` keeps it; a test compares.
 *
 *   node api-report.js     writes all reports anew
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The packages that are published. */
export const PACKAGES = readdirSync(join(root, 'packages')).toSorted()

/** @param {string} name */
export const fileOf = (name) => join(root, 'api', `${name}.md`)

/**
 * @typedef {object} Declaration
 * @property {string} name
 * @property {string} text
 */

/**
 * @param {string} name
 * @returns {string}
 */
export function reportOf(name) {
  const index = join(root, 'packages', name, 'dist', 'index.d.ts')
  /** @type {Map<string, string>} */
  const declared = new Map()
  /** @type {Set<string>} */
  const exported = new Set()
  /** @type {string[]} */
  const passedOn = []
  read(index, { declared, exported, passedOn, seen: new Set() }, true)

  const known = [...exported].filter((each) => declared.has(each))
  const shown = new Set(known)
  // If an exported declaration refers to another, people see that one, too.
  for (const each of shown) {
    for (const [other] of declared) {
      if (new RegExp(`\\b${other}\\b`).test(declared.get(each) ?? '')) shown.add(other)
    }
  }
  const texts = (/** @type {Iterable<string>} */ names) =>
    [...names].toSorted().map((each) => declared.get(each))
  const hidden = [...shown].filter((each) => !exported.has(each))
  return [
    `# The public API of @ipc/${name}`,
    '',
    'Written by `node tooling/docs/src/api-report.js`. A change here is a change for users.',
    '',
    '```ts',
    [...passedOn.toSorted(), ...texts(known)].join('\n\n'),
    ...(hidden.length > 0 ? ['\n// Not exported, but seen through the above:\n'] : []),
    ...(hidden.length > 0 ? [texts(hidden).join('\n\n')] : []),
    '```',
    '',
  ].join('\n')
}

/**
 * @param {string} file
 * @param {{ declared: Map<string, string>, exported: Set<string>, passedOn: string[], seen: Set<string> }} found
 * @param {boolean} isIndex
 */
function read(file, found, isIndex) {
  const { declared, exported, passedOn, seen } = found
  if (seen.has(file)) return
  seen.add(file)
  for (const statement of statementsOf(readFileSync(file, 'utf8'))) {
    const from = /\bfrom '(.*)';?$/.exec(statement)?.[1]
    if (from?.startsWith('.')) {
      const target = join(dirname(file), from.replace(/\.ts$/, '.d.ts'))
      read(target, found, false)
    }
    if (isIndex && from !== undefined && statement.startsWith('export')) {
      if (!from.startsWith('.')) passedOn.push(statement)
      for (const part of (/\{([^]*)\}/.exec(statement)?.[1] ?? '').split(',')) {
        const exportedName = part.trim().split(/\s+/).at(-1)
        if (exportedName) exported.add(exportedName)
      }
      continue
    }
    const name =
      /^export (?:declare )?(?:abstract )?(?:class|interface|type|const|function|let) (\w+)/.exec(
        statement,
      )?.[1]
    if (name === undefined) continue
    declared.set(name, [declared.get(name), statement].filter(Boolean).join('\n'))
    if (isIndex) exported.add(name)
  }
}

/**
 * Splits a declaration file into its top-level statements, without comments.
 *
 * @param {string} text
 * @returns {string[]}
 */
function statementsOf(text) {
  const bare = text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  /** @type {string[]} */
  const statements = []
  /** @type {string[]} */
  let lines = []
  let depth = 0
  for (const line of bare.split('\n')) {
    if (line.trim() === '' || line.trim() === '#private;') continue
    lines.push(line.trimEnd())
    depth += (line.match(/[{(]/g) ?? []).length - (line.match(/[})]/g) ?? []).length
    if (depth > 0 || !/[;}]$/.test(line.trimEnd())) continue
    statements.push(lines.join('\n'))
    lines = []
  }
  return statements
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of PACKAGES) writeFileSync(fileOf(name), reportOf(name))
}
