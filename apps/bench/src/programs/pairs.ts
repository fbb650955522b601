/**
 * pairs KIND: ns per acquire and release that nobody else wants, by mitata, in a process that does
 * nothing else. The contended works check whether each kind excludes at all.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as asyncMutex from 'async-mutex'
import { Lock } from '@ipc/lock'
import { locks as ourWebLocks } from '@ipc/web-locks'
import { measure } from 'mitata'
import { FutexLock } from '../kinds/futex-lock.ts'
import type { AsyncLockClass, ProperLockfile } from '../kinds/modules.ts'
import { processKinds } from '../kinds/processes.ts'
import { rival } from '../kinds/rival.ts'
import { webLocks } from '../kinds/tasks.ts'
import { mutexOfV8 } from '../kinds/threads.ts'
import { parseOptions } from './options.ts'

/** One pair of a kind that blocks; or `times` pairs in a row of an asynchronous kind. */
type Pair = (() => void) | { readonly times: number; readonly pairs: () => Promise<void> }

/** The best median of these tries counts: in the others V8 was still compiling, or began anew. */
const TRIES = 6

const { kind, ms } = parseOptions(process.argv.slice(2))
const directory = mkdtempSync(join(tmpdir(), 'ipc-bench-'))
process.env['IPC_DIR'] ??= join(directory, 'objects')
try {
  const pair = await kinds()[kind]!()
  const [work, times] = typeof pair === 'function' ? [pair, 1] : [pair.pairs, pair.times]
  const medians: number[] = []
  for (let i = 0; i < TRIES; i++) {
    medians.push((await measure(work, { min_cpu_time: (ms * 1e6) / TRIES })).p50)
    await sleep(20) // V8 puts in place what it has compiled meanwhile
  }
  console.log(JSON.stringify({ value: Math.min(...medians) / times, correct: true }))
} finally {
  rmSync(directory, { recursive: true })
}
process.exit(0)

function kinds(): Record<string, () => Promise<Pair>> {
  return {
    bare: async () => {
      const words = new Int32Array(new SharedArrayBuffer(4))
      return () => {
        if (Atomics.compareExchange(words, 0, 0, 7) !== 0) throw new Error('not free')
        if (Atomics.compareExchange(words, 0, 7, 0) !== 7) throw new Error('not mine')
      }
    },
    ours: async () => blockingPair(Lock.create()),
    'ours-thread': async () => blockingPair(new Lock()),
    'js-lock': async () => {
      const lock = new FutexLock(new Int32Array(new SharedArrayBuffer(4)), 0)
      return () => {
        lock.lock()
        lock.unlock()
      }
    },
    v8: async () => {
      const { lock } = mutexOfV8!
      const mutex = new mutexOfV8!()
      const body = (): void => {}
      return () => lock(mutex, body)
    },
    'fs-ext': () => entering('fs-ext'),
    'fs-native-extensions': () => entering('fs-native-extensions'),
    lmdb: () => entering('lmdb'),

    'ours-async': async () => asyncPair(Lock.create()),
    'ours-thread-async': async () => asyncPair(new Lock()),
    'web-locks': async () => {
      const body = (): void => {}
      return inRow(1000, () => ourWebLocks.request('key', body))
    },
    'web-locks-new': async () => {
      const body = (): void => {}
      let names = 0
      return inRow(1000, () => ourWebLocks.request(`name ${names++}`, body))
    },
    'async-mutex': async () => {
      const mutex = new (await rival<typeof asyncMutex>('async-mutex')).Mutex()
      return inRow(1000, async () => (await mutex.acquire())())
    },
    'async-lock': async () => {
      const lock = new (await rival<AsyncLockClass>('async-lock'))({ maxPending: Infinity })
      const body = (): void => {}
      return inRow(1000, () => lock.acquire('key', body))
    },
    'navigator.locks': async () => {
      const locks = webLocks()
      const body = (): void => {}
      return inRow(100, () => locks.request('key', body))
    },
    'proper-lockfile': async () => {
      const { lock } = await rival<ProperLockfile>('proper-lockfile')
      const file = join(directory, 'file')
      writeFileSync(file, '')
      const retries = { forever: true, minTimeout: 1, maxTimeout: 1 }
      return inRow(10, async () => (await lock(file, { retries }))())
    },
  }
}

/** The pair as a program writes it: the guard is made, and used. */
function blockingPair(lock: Lock): Pair {
  return () => lock.acquire().release()
}

function asyncPair(lock: Lock): Pair {
  return {
    times: 1000,
    async pairs() {
      for (let i = 0; i < 1000; i++) (await lock.acquireAsync()).release()
    },
  }
}

async function entering(name: string): Promise<Pair> {
  const lock = await processKinds[name]!.open(join(directory, 'file'))
  const body = (): void => {}
  return () => {
    lock.enter(body)
  }
}

function inRow(times: number, pair: () => Promise<void>): Pair {
  return {
    times,
    async pairs() {
      for (let i = 0; i < times; i++) await pair()
    },
  }
}
