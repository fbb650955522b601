/** Opens pages of this repository in a headless browser, over the DevTools protocol. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('../../../examples/browser/serve.mjs', import.meta.url))

/** The command of the browser; undefined where there is none. */
export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
)

/**
 * @param {string} path in the repository; the page sets `globalThis.result`, a promise
 * @param {string} profile a folder
 * @param {{ isolated?: boolean }} [options] without isolation the server sends no COOP and COEP
 * @returns {Promise<{ result: unknown, picture: Buffer }>}
 */
export async function openPage(path, profile, { isolated = true } = {}) {
  const server = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--window-size=900,500']
  const browser = spawn(
    chromium,
    [...flags, `--user-data-dir=${profile}`, '--remote-debugging-pipe'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true },
  )
  let relay
  try {
    const [served] = await once(server.stdout, 'data')
    if (!isolated) relay = await relayWithoutHeaders(String(served).trim())
    const address = relay?.address ?? served
    const { call } = connect(browser.stdio[3], browser.stdio[4])
    const { targetId } = await call('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await call('Target.attachToTarget', { targetId, flatten: true })
    await call('Page.enable', {}, sessionId)
    await call('Page.navigate', { url: new URL(path, String(address).trim()).href }, sessionId)
    const evaluated = { expression: WAIT_FOR_RESULT, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await call('Runtime.evaluate', evaluated, sessionId)
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    const { data } = await call('Page.captureScreenshot', {}, sessionId)
    return { result: result.value, picture: Buffer.from(data, 'base64') }
  } finally {
    process.kill(-browser.pid, 'SIGKILL') // this ends it and all that it started
    relay?.close()
    server.kill()
  }
}

/**
 * Serves what the server has, with its content types and no other header.
 *
 * @param {string} address
 */
async function relayWithoutHeaders(address) {
  const relay = createServer(async ({ url }, response) => {
    const found = await fetch(new URL(url, address))
    response.writeHead(found.status, { 'content-type': found.headers.get('content-type') ?? '' })
    response.end(await found.text())
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const close = () => {
    relay.close()
    relay.closeAllConnections()
  }
  return { address: `http://127.0.0.1:${relay.address().port}/`, close }
}

const WAIT_FOR_RESULT = `new Promise((resolve) => {
  const look = () => ('result' in globalThis ? resolve(globalThis.result) : setTimeout(look, 20))
  look()
})`

/**
 * Exchanges messages with the browser: they are JSON, each ended by a zero byte.
 *
 * @param {import('node:stream').Writable} to
 * @param {import('node:stream').Readable} from
 */
function connect(to, from) {
  const waiting = new Map()
  let text = ''
  from.setEncoding('utf8').on('data', (chunk) => {
    const messages = (text + chunk).split('\0')
    text = messages.pop()
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const { resolve, reject } = waiting.get(id) ?? {}
      if (error) reject?.(new Error(error.message))
      else resolve?.(result)
    }
  })
  let id = 0
  const call = (method, params, sessionId) =>
    new Promise((resolve, reject) => {
      waiting.set(++id, { resolve, reject })
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  return { call }
}
