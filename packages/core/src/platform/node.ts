import { AsyncResource } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers'
import {
  getEnvironmentData,
  isMainThread,
  MessageChannel,
  setEnvironmentData,
  threadId,
} from 'node:worker_threads'
import { load, thread, type Native } from '@ipc/native'
import { withoutSlot } from '../agents/agents.ts'
import { inWords } from '../waiting/blocked-wait.ts'
import type { Platform } from './platform.ts'

const blocked = channel('ipc:blocked')
const isDebugging = /(^|,)\s*(ipc|\*)\s*(,|$)/i.test(process.env['NODE_DEBUG'] ?? '')
// Bound here: a test may replace the timers of the module, too.
const realSetTimeout = setTimeout
const outside = new AsyncResource('@ipc/core', { requireManualDestroy: true })

let keepAlive: ((keep: boolean) => void) | undefined

/** The addon's bell, or, without an addon, a port that nobody writes to. */
function keeper(): (keep: boolean) => void {
  const native = load()
  if (!('reason' in native)) return (keep) => native.keepAlive(keep)
  const { port1, port2 } = outside.runInAsyncScope(() => new MessageChannel())
  port2.unref()
  return (keep) => (keep ? port1.ref() : port1.unref())
}

/** This is read before the program can have changed its directory, if it loads its modules first. */
const given = isMainThread ? process.env['IPC_DIR'] : undefined
const givenPath = given ? resolve(given) : undefined

const WARNED = '@ipc/core: warned of no liveness'

/** Workers with an environment of their own may not have IPC_DIR: whereabouts.c of @ipc/native. */
function directory(native: Native): string {
  const own = process.env['IPC_DIR'] || ''
  if (own !== '' || isMainThread) return native.directoryOf(own, pathOf(own), isMainThread)
  const [used, value] = native.directoryOfProcess()
  return used ?? native.directoryOf(value ?? '', pathOf(value), true)
}

function pathOf(value: string | null): string {
  if (!value) return `/dev/shm/ipc-${process.geteuid?.() ?? 0}`
  return value === given ? givenPath! : resolve(value)
}

/**
 * One warning per process, and only where there should be an addon: on other systems nothing was lost
 * that somebody could have had.
 */
function withoutLiveness(reason: string): void {
  if (process.platform !== 'linux' || getEnvironmentData(WARNED) !== undefined) return
  setEnvironmentData(WARNED, true) // for this thread, and for workers that it starts
  process.emitWarning(
    'nobody can see here that a thread was terminated while it held a lock: its waiters wait for ever',
    { code: 'IPC_NO_LIVENESS', detail: reason },
  )
}

export const platform: Platform = {
  native: load,
  threadId,
  isMainThread,
  agentId: () => withoutSlot(threadId),
  directory,
  resolve,
  readWords,
  closeDescriptor: closeSync,
  clock: () => {
    const { performance } = process.getBuiltinModule?.('node:perf_hooks') ?? globalThis
    return performance.now.bind(performance)
  },
  withoutLiveness,
  thread,
  keepAlive: (keep) => (keepAlive ??= keeper())(keep),
  outside: (call) => outside.runInAsyncScope(call),
  later: (call, ms) => void outside.runInAsyncScope(() => realSetTimeout(call, ms).unref()),
  get isListening() {
    return isDebugging || blocked.hasSubscribers
  },
  blocked: (wait) => {
    if (isDebugging) process.stderr.write(inWords(wait, process.pid, threadId))
    blocked.publish(wait)
  },
}

function readWords(path: string, first: number, count: number): Int32Array | null {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch {
    return null // removed meanwhile
  }
  try {
    const words = new Int32Array(count)
    const read = readSync(file, words, 0, words.byteLength, first * 4)
    return read === words.byteLength ? words : null
  } finally {
    closeSync(file)
  }
}
