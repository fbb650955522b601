import { channel } from 'node:diagnostics_channel'
import { closeSync } from 'node:fs'
import { resolve } from 'node:path'
import { isMainThread, threadId } from 'node:worker_threads'
import { load } from '@ipc/native'
import { withoutSlot } from '../agents.ts'
import type { Platform } from './platform.ts'

const blocked = channel('ipc:blocked')

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
  blocked: (wait) => blocked.publish(wait),
}
