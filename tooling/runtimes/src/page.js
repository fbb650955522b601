import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' }

/**
 * Serves the programs and the packages as they were built, cross-origin isolated. Names of packages
 * become paths, because import maps do not hold in workers.
 *
 * @returns {Promise<{ url: string, report: Promise<string>, close(): void }>} `report`: what the page sends
 */
export async function servePage() {
  /** @type {(text: string) => void} */
  let received
  const report = new Promise((resolve) => (received = resolve))
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (request.method === 'POST') {
      let text = ''
      for await (const chunk of request) text += chunk
      received(text)
      return response.end()
    }
    const type = TYPES[extname(pathname)]
    const source = type && (await readFile(join(root, pathname), 'utf8').catch(() => undefined))
    if (source === undefined) return response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': type,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    })
    return response.end(withPaths(source))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/tooling/runtimes/programs/page.html`
  return { url, report, close: () => server.close() }
}

/** @param {string} source */
function withPaths(source) {
  return source
    .replaceAll(/(from |import )'@ipc\/(\w+)'/g, "$1'/packages/$2/dist/index.js'")
    .replaceAll("from '#platform'", "from '/packages/core/dist/platform/web.js'")
}
