/** Tools that the heavy checks need and an ordinary installation does not: fetched once, and kept. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder in which everything that was fetched is kept. */
export const CACHE = fileURLToPath(new URL('../../node_modules/.cache/ipc-verify', import.meta.url))

/** The first Node that is supported, and one of each line since. */
export const NODES = ['20.19.0', '22.23.3', '24.9.0', '26.9.0']

/**
 * Installs exact versions into a folder of their own.
 *
 * @param {Record<string, string>} dependencies
 * @param {{ overrides?: Record<string, string>, force?: boolean }} [options] `force`: also for another CPU or libc
 * @returns {string} the folder that has node_modules
 */
export function fetchTools(dependencies, { overrides = {}, force = false } = {}) {
  const name = Object.entries(dependencies)
    .map(([dependency, version]) => `${dependency.replace(/^@/, '').replace('/', '-')}-${version}`)
    .join('_')
  const folder = join(CACHE, name)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  writeFileSync(
    join(unfinished, 'package.json'),
    JSON.stringify({ private: true, dependencies, overrides }),
  )
  const flags = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    ...(force ? ['--force'] : []),
  ]
  execFileSync('npm', ['install', ...flags], {
    cwd: unfinished,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: plainEnvironment(),
  })
  rmSync(folder, { recursive: true, force: true })
  renameSync(unfinished, folder)
  return folder
}

/** The environment without what pnpm and vitest put into it. */
export function plainEnvironment() {
  const entries = Object.entries(process.env).filter(
    ([name]) =>
      !/^(p?npm_|vitest|turbo_(?!cache_dir)|node_options$|node_path$|node_env$|init_cwd$)/i.test(
        name,
      ),
  )
  return Object.fromEntries(entries)
}

/** @param {string} command @returns {boolean} */
export function has(command) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, command)))
}

/**
 * @param {string} command
 * @param {string[]} given
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {string} what it printed
 */
export function output(command, given, { cwd, env = plainEnvironment() }) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, given, {
    cwd,
    env,
    encoding: 'utf8',
  })
  if (error) throw error
  if (status !== 0) {
    throw new Error(
      `${command} ${given.join(' ')}: ${signal ?? `exit code ${status}`}\n${stdout}\n${stderr}`,
    )
  }
  return stdout
}
