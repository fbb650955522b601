import base from '@ipc/vitest-config'

/** Each test starts many processes, which takes long on a busy machine. */
export default { ...base, test: { ...base.test, testTimeout: 240_000 } }
