import { defineConfig } from 'vitest/config'

/**
 * Tests lie beside the sources they test. They start real threads and processes and they measure
 * waiting times, so one file runs at a time, in a process of its own.
 */
export default defineConfig({
  test: {
    include: ['src/**/*.test.{ts,js}'],
    passWithNoTests: true,
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', ['json', { outputFile: 'reports/vitest.json' }]],
    // Other packages are tested as they are shipped: their dist is loaded by Node, untransformed.
    server: { deps: { external: [/\/(packages|apps)\/[^/]+\/dist\//] } },
  },
})
