/**
 * Hooks of Node's module loader: they give a built module another text as it is loaded. `replace.ts`
 * registers them.
 */

/**
 * The environment variable that says what a process loads in place of built modules: their URLs, with
 * JavaScript.
 */
export const REPLACED = 'STRESS_REPLACED_MODULES'

const replaced = JSON.parse(process.env[REPLACED] ?? '{}') as Record<string, string>

interface Loaded {
  readonly format: string
  readonly source: string
  readonly shortCircuit: true
}

/**
 * The text that replaces a module comes from TypeScript, so the modules that it imports have another ending
 * here.
 */
export function resolve<T>(
  specifier: string,
  context: { readonly parentURL?: string | undefined },
  next: (specifier: string, context: unknown) => T,
): T {
  const isOurs = context.parentURL !== undefined && Object.hasOwn(replaced, context.parentURL)
  return next(isOurs ? specifier.replace(/^(\..*)\.ts$/, '$1.js') : specifier, context)
}

export function load<T>(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => T,
): T | Loaded {
  const source = Object.hasOwn(replaced, url) ? replaced[url] : undefined
  if (source === undefined) return next(url, context)
  return { format: 'module', source, shortCircuit: true }
}
