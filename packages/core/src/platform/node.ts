import { AsyncResource } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { closeSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers'
import { isMainThread, MessageChannel, threadId } from 'node:worker_threads'
import { load, thread } from '@ipc/native'
import { withoutSlot } from '../agents.ts'
import { inWords } from '../blocked-wait.ts'
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

export const platform: Platform = {
  native: load,
  threadId,
  isMainThread,
  agentId: () => withoutSlot(threadId),
  directory: () => resolve(process.env['IPC_DIR'] || `/dev/shm/ipc-${process.geteuid?.() ?? 0}`),
  resolve,
  closeDescriptor: closeSync,
  clock: () => {
    const { performance } = process.getBuiltinModule?.('node:perf_hooks') ?? globalThis
    return performance.now.bind(performance)
  },
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
