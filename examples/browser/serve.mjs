// A server for the page beside it: `node examples/browser/serve.mjs`, then open the address that it says.
//
// A server has to do two things. It sends two headers, because memory is shared with workers only on a
// page that is cross-origin isolated. And it turns `@ipc/lock` into a path, because workers know no import
// maps: a bundler does that, as a rule; here the server does it as it sends a file.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' }

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  const type = types[extname(pathname)]
  const source = type && (await readFile(join(root, pathname), 'utf8').catch(() => undefined))
  if (source === undefined) return response.writeHead(404).end()
  response.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  })
  return response.end(withPaths(source))
})

function withPaths(source) {
  return source
    .replaceAll(
      /(from |import )'@ipc\/([\w-]+)(?:\/([\w-]+))?'/g,
      (_, keyword, name, entry = 'index') => `${keyword}'/packages/${name}/dist/${entry}.js'`,
    )
    .replaceAll("from '#platform'", "from '/packages/core/dist/platform/web.js'")
}

server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/examples/browser/index.html`)
})
