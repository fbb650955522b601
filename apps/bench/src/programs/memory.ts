/** memory KIND [n=1000]: bytes that one object more, or one waiting call more, adds to the process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type * as asyncMutex from 'async-mutex'
import { Lock } from '@ipc/lock'
import type { AsyncLockClass } from '../kinds/modules.ts'
import { rival } from '../kinds/rival.ts'
import { parseOptions } from './options.ts'

const { kind, n } = parseOptions(process.argv.slice(2))
const directory = mkdtempSync(join(tmpdir(), 'ipc-bench-'))
process.env['IPC_DIR'] ??= directory
const kept: unknown[] = Array.from({ length: n }, () => null)
try {
  const make = await kinds()[kind]!()
  for (let i = 0; i < 100; i++) make(-1)
  const before = resident()
  for (let i = 0; i < n; i++) kept[i] = make(i)
  console.log(JSON.stringify({ value: Math.max(0, resident() - before) / n, correct: true }))
} finally {
  rmSync(directory, { recursive: true })
}
process.exit(0)

function resident(): number {
  for (let i = 0; i < 3; i++) (globalThis as { gc?: () => void }).gc!()
  return process.memoryUsage.rss()
}

function kinds(): Record<string, () => Promise<(i: number) => unknown>> {
  return {
    'object-thread': async () => () => new Lock(),
    'object-process': async () => () => Lock.create(),
    'object-async-mutex': async () => {
      const { Mutex } = await rival<typeof asyncMutex>('async-mutex')
      return () => new Mutex()
    },
    'object-async-lock': async () => {
      const AsyncLock = await rival<AsyncLockClass>('async-lock')
      return () => new AsyncLock({ maxPending: Infinity })
    },
    'waiter-process': async () => waitersOf(Lock.create()),
    'waiter-thread': async () => waitersOf(new Lock()),
    'waiter-async-mutex': async () => {
      const mutex = new (await rival<typeof asyncMutex>('async-mutex')).Mutex()
      await mutex.acquire()
      return () => mutex.acquire()
    },
    'waiter-async-lock': async () => {
      const lock = new (await rival<AsyncLockClass>('async-lock'))({ maxPending: Infinity })
      void lock.acquire('key', () => new Promise(() => {}))
      return () => lock.acquire('key', () => {})
    },
  }
}

function waitersOf(lock: Lock): () => unknown {
  lock.acquire()
  return () => lock.acquireAsync()
}
