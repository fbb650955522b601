import workerThreads from 'node:worker_threads'

/**
 * An object that one thread has once, whatever realm looks at it: vm contexts and the test files of a
 * runner have global objects and modules of their own, but get Node's modules from outside. A value that is
 * put here under a symbol is the thread's.
 */
export const thread: Record<symbol, unknown> = Object.isExtensible(workerThreads)
  ? workerThreads
  : {}
