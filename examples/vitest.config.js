import config from '@ipc/vitest-config'

export default { ...config, test: { ...config.test, include: ['*.test.js'] } }
