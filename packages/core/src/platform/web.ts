import type { Platform } from './platform.ts'

const NO_PROCESS_SCOPE = 'process scope needs Node.js on Linux'

/** Some threads of a page, such as audio worklets, have no `crypto`. */
function randomWord(): number {
  const { crypto: random } = globalThis as Partial<Pick<typeof globalThis, 'crypto'>>
  return random?.getRandomValues(new Int32Array(1))[0] ?? Math.floor(Math.random() * 2 ** 32)
}

export const platform: Platform = {
  native: () => ({ reason: NO_PROCESS_SCOPE }),
  threadId: 0,
  isMainThread: false,
  // Threads of a page have no number of their own. Two with one id would still exclude each other
  // (a lock is taken from FREE only); they could not tell whose hold it is. Never NOBODY or POISON.
  agentId: () => (randomWord() & 0x3fffffff) | 2,
  directory: () => '',
  resolve: (directory) => directory,
  readWords: () => null,
  closeDescriptor: () => {},
  clock: () => {
    const { performance: clock } = globalThis as Partial<Pick<typeof globalThis, 'performance'>>
    return clock === undefined ? Date.now : clock.now.bind(clock)
  },
  withoutLiveness: () => {},
  thread: globalThis,
  keepAlive: () => {}, // a page lives as long as somebody looks at it
  outside: (call) => call(),
  later: () => {},
  isListening: false,
  blocked: () => {},
}
