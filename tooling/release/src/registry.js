/**
 * Decides where packages would be published. A wrong setting publishes to the world, so everything here
 * fails closed: the maintainer names the address on the command line, and every client that takes part
 * is asked which address it would use before anything is sent.
 */
import { execFileSync } from 'node:child_process'

/**
 * @param {string | undefined} given
 * @returns {URL} it ends with a slash
 */
export function registryAddress(given) {
  if (given === undefined) throw new Error('say where to publish to: --registry <address>')
  if (!URL.canParse(given)) throw new Error(`--registry: not an address: ${given}`)
  const address = new URL(given)
  if (!/^https?:$/.test(address.protocol)) {
    throw new Error(`--registry: neither http nor https: ${given}`)
  }
  if (address.search || address.hash || address.username || address.password) {
    throw new Error('--registry: an address has no user, password, query or fragment')
  }
  if (!address.pathname.endsWith('/')) address.pathname += '/'
  if (address.protocol === 'http:' && !isLoopback(address)) {
    throw new Error(`--registry: not encrypted: ${given}`)
  }
  return address
}

/** @param {URL} address */
export function isLoopback({ hostname }) {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/**
 * Makes the environment in which every client publishes to this registry and nowhere else.
 *
 * @param {URL} registry
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function publishingEnvironment(registry, environment) {
  const others = Object.entries(environment).filter(
    ([name]) => !/^(npm|pnpm)_config_(.*:)?registry$/i.test(name),
  )
  return {
    ...Object.fromEntries(others),
    npm_config_registry: registry.href,
    pnpm_config_registry: registry.href,
    'npm_config_@ipc:registry': registry.href,
    'pnpm_config_@ipc:registry': registry.href,
  }
}

/**
 * Lists the settings that do not agree with the address; empty when every client would use it.
 *
 * @param {URL} registry
 * @param {import('./packages.js').Package[]} packages
 * @param {NodeJS.ProcessEnv} environment in which publishing would run
 * @returns {string[]}
 */
export function disagreements(registry, packages, environment) {
  return packages.flatMap(({ directory, folder, manifest }) => {
    const own = Object.entries(manifest.publishConfig ?? {})
      .filter(([key]) => key.endsWith('registry'))
      .map(([key, value]) => `${folder}/package.json: publishConfig.${key} is ${value}`)
    const clients = ['npm', 'pnpm'].flatMap((client) => {
      const config = configOf(client, directory, environment)
      return ['registry', '@ipc:registry']
        .filter((setting) => !sameAddress(config[setting], registry))
        .map((setting) => `${folder}: ${client} would use ${String(config[setting])} (${setting})`)
    })
    return [...own, ...clients]
  })
}

/**
 * @param {string} client
 * @param {string} directory
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Record<string, unknown>}
 */
function configOf(client, directory, environment) {
  const options = /** @type {const} */ ({ cwd: directory, env: environment, encoding: 'utf8' })
  return JSON.parse(execFileSync(client, ['config', 'list', '--json'], options))
}

/** @param {unknown} answer @param {URL} registry */
function sameAddress(answer, registry) {
  return (
    typeof answer === 'string' &&
    URL.canParse(answer) &&
    new URL(answer.replace(/\/*$/, '/')).href === registry.href
  )
}
