/** `ipc --version`. */
import { createRequire } from 'node:module'
import { print } from '../print.ts'

export function version(): void {
  const manifest = createRequire(import.meta.url)('@ipc/cli/package.json') as { version: string }
  print(`${manifest.version}\n`)
}
