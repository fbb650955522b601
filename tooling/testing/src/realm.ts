import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import vm from 'node:vm'

/** The globals that a test runner gives to the realm of a test file. */
const GIVEN = [
  'AbortController',
  'AbortSignal',
  'Event',
  'EventTarget',
  'URL',
  'clearTimeout',
  'console',
  'performance',
  'process',
  'queueMicrotask',
  'setTimeout',
] as const

/**
 * Another realm in this thread, with modules that are evaluated anew in it: test runners make one for
 * each test file. It needs `--experimental-vm-modules`.
 */
export class Realm {
  readonly context: vm.Context
  readonly #modules = new Map<string, Promise<vm.Module>>()

  constructor() {
    const globals = globalThis as unknown as Record<string, unknown>
    this.context = vm.createContext(Object.fromEntries(GIVEN.map((name) => [name, globals[name]])))
  }

  /** Imports a module; `from` is the URL of the module that asks for it. */
  async import<T = Record<string, unknown>>(specifier: string, from: string): Promise<T> {
    const module = await this.#load(resolve(specifier, from))
    if (module.status === 'unlinked')
      await module.link((name, { identifier }) => this.#load(resolve(name, identifier)))
    await module.evaluate()
    return module.namespace as T
  }

  #load(url: string): Promise<vm.Module> {
    let module = this.#modules.get(url)
    if (module === undefined) this.#modules.set(url, (module = this.#make(url)))
    return module
  }

  async #make(url: string): Promise<vm.Module> {
    const { context } = this
    if (url.startsWith('node:')) {
      const outer = (await import(url)) as Record<string, unknown>
      const names = Object.keys(outer)
      return new vm.SyntheticModule(
        names,
        function () {
          for (const name of names) this.setExport(name, outer[name])
        },
        { context, identifier: url },
      )
    }
    return new vm.SourceTextModule(readFileSync(fileURLToPath(url), 'utf8'), {
      context,
      identifier: url,
      initializeImportMeta: (meta) => Object.assign(meta, { url }),
    })
  }
}

function resolve(specifier: string, from: string): string {
  if (specifier.startsWith('node:')) return specifier
  if (specifier.startsWith('.')) return new URL(specifier, from).href
  return pathToFileURL(createRequire(from).resolve(specifier)).href
}
