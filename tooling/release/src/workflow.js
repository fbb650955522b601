/**
 * Runs the `run:` steps of a GitHub workflow on this machine, as GitHub would, so that a workflow is
 * known to work before it is pushed. It skips the steps that only GitHub can do, and says so.
 *
 *   node workflow.js .github/workflows/ci.yml [job…]     in the current folder: use a fresh clone
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'

/**
 * @typedef {{
 *   name?: string, uses?: string, with?: Record<string, string>, run?: string, if?: string,
 *   env?: Record<string, unknown>, 'working-directory'?: string, 'continue-on-error'?: boolean
 * }} Step
 *
 * @typedef {object} Job
 * @property {Step[]} steps
 * @property {Record<string, unknown>} [env]
 * @property {{ matrix?: Record<string, unknown> }} [strategy]
 *
 * @typedef {{ jobs: Record<string, Job>, env?: Record<string, unknown> }} Workflow
 *
 * @typedef {object} Result
 * @property {string} job
 * @property {string} step
 * @property {'passed' | 'failed' | 'skipped'} outcome
 * @property {string} [why]
 *
 * @typedef {object} Options
 * @property {string} directory where the steps run: a clone
 * @property {NodeJS.ProcessEnv} [env] of the machine
 * @property {Record<string, Record<string, string>>} [contexts] `vars`, `secrets`, …
 * @property {[RegExp, string][]} [skip] commands that are not run, and why
 * @property {string[]} [only] jobs
 * @property {'inherit' | 'pipe'} [output]
 */

/** @param {string} file @returns {Workflow} */
export function readWorkflow(file) {
  return parse(readFileSync(file, 'utf8'))
}

/**
 * @param {Workflow} workflow
 * @param {Options} options
 * @returns {Result[]}
 */
export function runWorkflow(workflow, options) {
  const names = options.only?.length ? options.only : Object.keys(workflow.jobs)
  return names.flatMap((name) => {
    const job = workflow.jobs[name]
    if (job === undefined) throw new Error(`no such job: ${name}`)
    return runJob(name, job, workflow, options)
  })
}

/**
 * @param {string} name
 * @param {Job} job
 * @param {Workflow} workflow
 * @param {Options} options
 */
function runJob(name, job, workflow, options) {
  /** @type {Result[]} */
  const results = []
  let hasFailed = false
  const contexts = { ...options.contexts, matrix: firstOf(job.strategy?.matrix ?? {}) }
  /** @param {Record<string, unknown> | undefined} values */
  const texts = (values) =>
    Object.entries(values ?? {}).map(([key, value]) => [key, substitute(String(value), contexts)])
  for (const step of job.steps) {
    const label = step.name ?? step.run ?? step.uses ?? ''
    /** @param {Result['outcome']} outcome @param {string} [why] */
    const note = (outcome, why) =>
      results.push({ job: name, step: label.trim(), outcome, ...(why && { why }) })

    const condition = (step.if ?? '').replace(/^\$\{\{|\}\}$/g, '').trim()
    if (hasFailed && !/always\(\)|failure\(\)|!cancelled\(\)/.test(condition)) {
      note('skipped', 'a step before it failed')
    } else if (!hasFailed && /failure\(\)/.test(condition)) {
      note('skipped', 'nothing failed')
    } else if (step.uses !== undefined) {
      noteAction(step, options.directory, note)
    } else if (step.run !== undefined) {
      const command = substitute(step.run, contexts)
      const [, why] = options.skip?.find(([pattern]) => pattern.test(command)) ?? []
      if (why !== undefined) {
        note('skipped', why)
        continue
      }
      const { status, signal, error } = spawnSync(
        'bash',
        ['--noprofile', '--norc', '-eo', 'pipefail', '-c', command],
        {
          cwd: join(options.directory, step['working-directory'] ?? ''),
          env: {
            ...(options.env ?? process.env),
            CI: 'true',
            GITHUB_STEP_SUMMARY: '/dev/null',
            ...Object.fromEntries([...texts(workflow.env), ...texts(job.env), ...texts(step.env)]),
          },
          stdio: ['ignore', options.output ?? 'inherit', options.output ?? 'inherit'],
        },
      )
      if (status === 0) note('passed')
      else note('failed', error?.message ?? signal ?? `exit code ${status}`)
      if (status !== 0 && step['continue-on-error'] !== true) hasFailed = true
    }
  }
  return results
}

/**
 * @param {Step} step
 * @param {string} directory
 * @param {(outcome: Result['outcome'], why?: string) => void} note
 */
function noteAction({ uses = '', with: inputs = {} }, directory, note) {
  const [action] = uses.split('@')
  if (action === 'actions/checkout') return note('skipped', 'the clone is there')
  if (action === 'actions/setup-node') return note('skipped', `Node is ${process.version} here`)
  if (action !== 'actions/upload-artifact') return note('skipped', 'only GitHub has this action')
  const paths = (inputs['path'] ?? '')
    .trim()
    .split('\n')
    .map((path) => path.trim())
  const absent = paths.filter((path) => !hasAny(directory, path))
  if (absent.length === 0)
    return note('skipped', `only GitHub keeps them, but they are here: ${paths.join()}`)
  if (inputs['if-no-files-found'] === 'ignore')
    return note('skipped', `there is none here: ${absent.join()}`)
  return note('failed', `there is nothing to upload: ${absent.join()}`)
}

/**
 * @param {string} directory
 * @param {string} path may have wildcards: the folder before the first one counts
 */
function hasAny(directory, path) {
  return existsSync(join(directory, path.replace(/[^/]*[*?[].*$/, '')))
}

/** One machine runs one combination: the first value of each key. @param {Record<string, unknown>} matrix */
function firstOf(matrix) {
  return Object.fromEntries(
    Object.entries(matrix)
      .filter(([key]) => key !== 'include' && key !== 'exclude')
      .map(([key, values]) => [key, String(Array.isArray(values) ? values[0] : values)]),
  )
}

/**
 * Replaces GitHub's expressions, of which it knows those that name a value, or a text, or the first of
 * several that is there.
 *
 * @param {string} text
 * @param {Record<string, Record<string, string>>} contexts
 */
function substitute(text, contexts) {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (whole, /** @type {string} */ expression) => {
    for (const term of expression.split('||').map((part) => part.trim())) {
      const [context = '', key = ''] = term.split('.')
      const value = /^'(.*)'$/.exec(term)?.[1] ?? contexts[context]?.[key]
      if (value) return value
    }
    throw new Error(`nothing here says what ${whole} is`)
  })
}

/** @param {Result[]} results */
export function describeResults(results) {
  return results
    .map(
      ({ job, step, outcome, why }) =>
        `${outcome.padEnd(7)} ${job}: ${step.split('\n')[0]}${why ? ` (${why})` : ''}`,
    )
    .join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [file, ...only] = process.argv.slice(2)
  if (file === undefined) throw new Error('say which workflow')
  const results = runWorkflow(readWorkflow(file), { directory: process.cwd(), only })
  console.log(describeResults(results))
  if (results.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1
}
