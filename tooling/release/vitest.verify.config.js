import { defineConfig } from 'vitest/config'
import shared from '@ipc/vitest-config'

/** These tests download tools and run whole installations: that takes minutes, not seconds. */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['src/verify/*.verify.js'],
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    reporters: ['verbose'],
  },
})
