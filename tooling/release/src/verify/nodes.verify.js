/** Runs the tests of every package on each Node that it supports, not only on the one that runs this. */
import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { publishedPackages, ROOT } from '../packages.js'
import { fetchTools, NODES, plainEnvironment } from './tools.js'

const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
/** The time that the tests of one package may take. */
const WATCHDOG_MS = 1_200_000

describe.each(NODES)('on Node %s', (version) => {
  test.each(publishedPackages().map(({ manifest, directory }) => [manifest.name, directory]))(
    'the tests of %s pass',
    (_, directory) => {
      const name = `node-linux-${process.arch}`
      const node = join(fetchTools({ [name]: version }), 'node_modules', name, 'bin/node')
      const { status, stdout, stderr, error } = spawnSync(
        node,
        [VITEST, 'run', '--reporter=default', '--silent=passed-only'],
        {
          cwd: directory,
          // A test that starts `node` by its name starts this one.
          env: withFirstInPath(dirname(node)),
          encoding: 'utf8',
          timeout: WATCHDOG_MS,
          maxBuffer: 64 * 1024 * 1024,
        },
      )
      if (error) throw error
      expect(status, `${stdout}\n${stderr}`).toBe(0)
    },
  )
})

/** @param {string} folder */
function withFirstInPath(folder) {
  const environment = plainEnvironment()
  return { ...environment, PATH: `${folder}${delimiter}${environment['PATH'] ?? ''}` }
}
