import config from '@ipc/vitest-config'

export default { ...config, test: { ...config.test, testTimeout: 120_000, hookTimeout: 180_000 } }
