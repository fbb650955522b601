/** Runs every step of every workflow, in a fresh clone whose origin is a copy, too. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../packages.js'
import { describeResults, readWorkflow, runWorkflow } from '../workflow.js'
import { startRegistry } from './registry.js'
import { output, plainEnvironment } from './tools.js'

const folder = mkdtempSync(join(tmpdir(), 'ipc-workflows-'))
/** @type {Awaited<ReturnType<typeof startRegistry>>} */
let registry

beforeAll(async () => {
  registry = await startRegistry(join(folder, 'registry'))
  output('git', ['clone', '--quiet', '--bare', ROOT, 'origin'], { cwd: folder })
})

afterAll(async () => {
  await registry?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** @type {[RegExp, string][]} */
const SKIP = [
  [/\bsudo\b/, 'it changes the machine'],
  [/pnpm@\S+ verify\b/, 'this is it'],
]

/** Steps that another workflow has run already. @type {Record<string, [RegExp, string][]>} */
const SKIP_IN = { 'release.yml': [[/^\.ci\/run$/, 'ci.yml has run it']] }

test.each(readdirSync(join(ROOT, '.github/workflows')))('%s', (file) => {
  const clone = join(folder, file)
  output('git', ['clone', '--quiet', join(folder, 'origin'), clone], { cwd: folder })
  output('git', ['config', 'user.name', 'verify'], { cwd: clone })
  output('git', ['config', 'user.email', 'verify@localhost'], { cwd: clone })
  if (file === 'release.yml') version(clone)
  const results = runWorkflow(readWorkflow(join(clone, '.github/workflows', file)), {
    directory: clone,
    env: { ...plainEnvironment(), npm_config_userconfig: registry.npmrc },
    contexts: {
      vars: { NPM_REGISTRY: registry.address },
      secrets: { NPM_TOKEN: 'anybody' },
      inputs: { budget: '1m' }, // the budget of a night
      github: { run_number: '1' },
    },
    skip: [...SKIP, ...(SKIP_IN[file] ?? [])],
  })
  console.log(describeResults(results))
  expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([])
  expect(results.some(({ outcome }) => outcome === 'passed')).toBe(true)
  // A release pushes its tags to the origin.
  const [ours, theirs] = [clone, join(folder, 'origin')].map((cwd) =>
    output('git', ['tag'], { cwd }),
  )
  expect(theirs).toBe(ours)
})

/** Does what a maintainer does before a release. @param {string} clone */
function version(clone) {
  output('pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--silent'], { cwd: clone })
  const change = `---\n'@ipc/lock': patch\n---\n\nA change.\n`
  writeFileSync(join(clone, '.changeset/a-change.md'), change)
  output('pnpm', ['release', 'version'], { cwd: clone })
  output('git', ['add', '--all'], { cwd: clone })
  output('git', ['commit', '--quiet', '--message', 'release'], { cwd: clone })
}
