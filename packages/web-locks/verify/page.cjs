'use strict'
// oxlint-disable unicorn/require-post-message-target-origin, typescript/no-extraneous-class, typescript/no-floating-promises, unicorn/no-useless-spread -- it plays a page
// Runs one file of the Web Platform Tests in this thread, as its page or as its worker. Nothing here is
// taken from these tests.
const path = require('node:path')
const fs = require('node:fs')
const vm = require('node:vm')
const wt = require('node:worker_threads')

const task = wt.isMainThread ? JSON.parse(process.argv[2]) : wt.workerData
const { wpt, file, role } = task
const read = (f) => fs.readFileSync(f, 'utf8')
const run = (f, code = read(f)) => vm.runInThisContext(code, { filename: f })

function define(name, value) {
  Object.defineProperty(globalThis, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  })
}

async function main() {
  await import('@ipc/web-locks/install')
  define('self', globalThis)
  define('isSecureContext', true)
  define('location', new URL(`https://web-platform.test/web-locks/${file}`))
  define('GLOBAL', { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false })

  const listeners = new Map()
  define('addEventListener', (type, fn) => {
    listeners.set(type, [...(listeners.get(type) ?? []), fn])
  })
  define('removeEventListener', (type, fn) => {
    listeners.set(
      type,
      (listeners.get(type) ?? []).filter((f) => f !== fn),
    )
  })
  const dispatch = (type, event) => {
    for (const fn of listeners.get(type) ?? []) fn.call(globalThis, event)
  }

  const here = path.dirname(path.join(wpt, 'web-locks', file))
  define(
    'Worker',
    class Worker {
      #worker
      #handlers = []
      constructor(url) {
        const script = path.relative(path.join(wpt, 'web-locks'), path.resolve(here, url))
        this.#worker = new wt.Worker(__filename, {
          workerData: { ...task, role: 'helper', file: script },
        })
        this.#worker.on('message', (data) => {
          for (const fn of [...this.#handlers]) fn.call(this, { data })
        })
        this.#worker.on('error', (error) => {
          console.error('worker:', error)
        })
      }
      postMessage(data) {
        this.#worker.postMessage(data)
      }
      addEventListener(type, fn) {
        if (type === 'message') this.#handlers.push(fn)
      }
      removeEventListener(type, fn) {
        this.#handlers = this.#handlers.filter((f) => f !== fn)
      }
      terminate() {
        this.#worker.terminate()
      }
    },
  )

  if (role === 'helper') {
    define('postMessage', (data) => wt.parentPort.postMessage(data))
    run(path.join(wpt, 'web-locks', file))
    wt.parentPort.on('message', (data) => dispatch('message', { data }))
    return
  }

  const send = (m) => (wt.isMainThread ? process.send(m) : wt.parentPort.postMessage(m))
  process.on('unhandledRejection', (reason) =>
    send({ type: 'unhandled', message: String(reason?.stack ?? reason) }),
  )
  define('fetch', async (url) => {
    const f = path.join(wpt, url.replace(/^\//, ''))
    return { ok: fs.existsSync(f), status: fs.existsSync(f) ? 200 : 404, text: async () => read(f) }
  })
  run(path.join(wpt, 'resources', 'testharness.js'))
  if (file.startsWith('idlharness')) {
    // idlharness must know which kind of global it is in; Node's is nearest to a dedicated worker's.
    define(
      'DedicatedWorkerGlobalScope',
      class DedicatedWorkerGlobalScope {
        static [Symbol.hasInstance](it) {
          return it === globalThis
        }
      },
    )
    define('WorkerNavigator', Object.getPrototypeOf(globalThis.navigator).constructor)
  }
  // A subtest that hangs must not hide those after it.
  const { promise_test } = globalThis
  define('promise_test', (fn, name, properties) =>
    promise_test(
      (t) => {
        let timer
        const late = new Promise((_, reject) => {
          timer = setTimeout(
            () => reject(new Error(`timed out after ${task.timeoutMs} ms`)),
            task.timeoutMs,
          )
        })
        return Promise.race([Promise.resolve().then(() => fn(t)), late]).finally(() =>
          clearTimeout(timer),
        )
      },
      name,
      properties,
    ),
  )
  globalThis.add_result_callback((r) =>
    send({ type: 'result', name: r.name, status: r.status, message: r.message }),
  )
  globalThis.add_completion_callback((_, s) => {
    send({ type: 'complete', status: s.status, message: s.message })
    setTimeout(() => process.exit(0), 50)
  })
  const source = path.join(wpt, 'web-locks', file)
  let code = read(source)
  const scripts = [...code.matchAll(/^\/\/ META: script=(\S+)/gm)].map((m) => m[1])
  if (file.endsWith('.html')) {
    scripts.push(
      ...[...code.matchAll(/<script src="([^"]+)"/g)]
        .map((m) => m[1])
        .filter((s) => !s.includes('testharness')),
    )
    code = [...code.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((m) => m[1]).join('\n')
  }
  for (const s of scripts) run(s.startsWith('/') ? path.join(wpt, s) : path.join(here, s))
  run(source, code)
}

if (wt.isMainThread && role === 'worker') {
  const worker = new wt.Worker(__filename, { workerData: task })
  worker.on('message', (m) => process.send(m))
  worker.on('error', (e) => {
    process.send({ type: 'crash', message: String(e?.stack ?? e) })
    process.exit(1)
  })
  worker.on('exit', () => process.exit(0))
} else {
  main().catch((error) => {
    const m = { type: 'crash', message: String(error?.stack ?? error) }
    if (wt.isMainThread) process.send(m, () => process.exit(1))
    else throw error
  })
}
