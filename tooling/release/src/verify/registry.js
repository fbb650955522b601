/** A registry on this machine that knows nothing of any other. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetchTools, plainEnvironment } from './tools.js'

/**
 * @param {string} folder for its files
 * @returns {Promise<{ address: string, npmrc: string, stop: () => Promise<void> }>} `npmrc`: the
 *   path of a user's configuration with which publishing is allowed there
 */
export async function startRegistry(folder) {
  // verdaccio 6.8.0 asks for a version of node-fetch that does not exist.
  const tools = fetchTools({ verdaccio: '6.8.0' }, { overrides: { 'node-fetch': '2.7.0' } })
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const address = `http://127.0.0.1:${port}/`
  const config = join(folder, 'config.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      storage: join(folder, 'storage'),
      auth: { htpasswd: { file: join(folder, 'htpasswd') } },
      uplinks: {},
      packages: { '**': { access: '$all', publish: '$all', unpublish: '$all' } },
      log: { type: 'file', path: join(folder, 'log'), level: 'warn' },
      max_body_size: '10mb',
    }),
  )
  const npmrc = join(folder, 'npmrc')
  writeFileSync(npmrc, `//127.0.0.1:${port}/:_authToken=anybody\n`)
  const entry = join(tools, 'node_modules/verdaccio/bin/verdaccio')
  const server = spawn(
    process.execPath,
    [entry, '--config', config, '--listen', `127.0.0.1:${port}`],
    {
      env: plainEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  while (!(await answers(address))) {
    if (server.exitCode !== null) throw new Error(`the registry ended with ${server.exitCode}`)
    await sleep(200)
  }
  const stop = async () => {
    server.kill()
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
  return { address, npmrc, stop }
}

/** @param {string} address */
async function answers(address) {
  try {
    return (await fetch(`${address}-/ping`)).ok
  } catch {
    return false
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
