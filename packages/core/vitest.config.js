import { fileURLToPath } from 'node:url'
import { mergeConfig } from 'vitest/config'
import shared from '@ipc/vitest-config'

// The package's "imports" name the built files; tests run the sources.
const platform = fileURLToPath(new URL('src/platform/node.ts', import.meta.url))

export default mergeConfig(shared, { resolve: { alias: { '#platform': platform } } })
