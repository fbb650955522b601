import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from './packages.js'
import { readWorkflow, runWorkflow } from './workflow.js'

/** @type {string} */
let directory

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ipc-workflow-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

/**
 * @param {string} text
 * @param {Partial<import('./workflow.js').Options>} [options]
 */
function outcomes(text, options) {
  return runWorkflow(parse(text), { directory, output: 'pipe', ...options }).map(
    ({ step, outcome, why }) => [step, outcome, ...(why ? [why] : [])].join(': '),
  )
}

describe('runWorkflow()', () => {
  test('runs steps in the folder, with the environment of each level, and stops at a failure', () => {
    const workflow = `
      env: { A: a, B: b }
      jobs:
        one:
          env: { B: of the job }
          strategy: { matrix: { node: [20, 22] } }
          steps:
            - uses: actions/checkout@v4
            - { name: writes, run: 'echo "$A $B $C \${{ matrix.node }} \${{ inputs.v || vars.V }}" > said', env: { C: c } }
            - { name: fails in a pipe, run: 'false | true' }
            - { name: never, run: touch never }
            - { name: if failed, if: failure(), run: touch failed }
            - { name: always, if: '\${{ always() }}', run: touch always }`
    expect(outcomes(workflow, { contexts: { vars: { V: 'v' } } })).toEqual([
      'actions/checkout@v4: skipped: the clone is there',
      'writes: passed',
      'fails in a pipe: failed: exit code 1',
      'never: skipped: a step before it failed',
      'if failed: passed',
      'always: passed',
    ])
    expect(readFileSync(join(directory, 'said'), 'utf8')).toBe('a of the job c 20 v\n')
    expect(readdirSync(directory).toSorted()).toEqual(['always', 'failed', 'said'])
  })

  test('skips what it is told to, and steps for failures when nothing failed', () => {
    const workflow = `
      jobs:
        one: { steps: [{ run: sudo reboot }, { if: failure(), run: 'false' }, { run: 'true' }] }`
    expect(outcomes(workflow, { skip: [[/^sudo/, 'it changes the machine']] })).toEqual([
      'sudo reboot: skipped: it changes the machine',
      'false: skipped: nothing failed',
      'true: passed',
    ])
  })

  test('wants to see what would be uploaded', () => {
    const workflow = `
      jobs:
        one:
          steps:
            - run: mkdir reports && touch reports/a.html
            - { name: there, uses: actions/upload-artifact@v4, with: { path: reports } }
            - { name: absent, uses: actions/upload-artifact@v4, with: { path: elsewhere } }`
    expect(outcomes(workflow).slice(1)).toEqual([
      'there: skipped: only GitHub keeps them, but they are here: reports',
      'absent: failed: there is nothing to upload: elsewhere',
    ])
  })

  test('does not guess what only GitHub knows', () => {
    const workflow = `jobs: { one: { steps: [{ run: 'echo \${{ github.actor }}' }] } }`
    expect(() => outcomes(workflow)).toThrow('nothing here says what ${{ github.actor }} is')
  })
})

describe('the workflows', () => {
  const folder = join(ROOT, '.github/workflows')

  test.each(readdirSync(folder))(
    '%s has limits, few rights, and actions of a fixed version',
    (file) => {
      const workflow = /** @type {any} */ (readWorkflow(join(folder, file)))
      expect(workflow.permissions).toEqual({ contents: 'read' })
      for (const job of Object.values(workflow.jobs)) {
        expect(job['timeout-minutes']).toBeGreaterThan(0)
        for (const { uses, run } of job.steps) {
          expect(uses ?? '@v1').toMatch(/@v\d+$/)
          // A text that others can choose is no part of a command.
          expect(run ?? '').not.toMatch(/\$\{\{\s*(github\.event|secrets)/)
        }
      }
    },
  )

  test('CI runs on every Node that the packages name', () => {
    const { jobs } = /** @type {any} */ (readWorkflow(join(folder, 'ci.yml')))
    expect(jobs.test.strategy.matrix.node).toEqual([20, 22, 24, 26])
  })
})
