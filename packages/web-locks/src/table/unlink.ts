import { type UnlinkOptions } from '@ipc/core'
import { POISON, unlinkName } from '@ipc/core/author'
import { fileLayout } from './file.ts'
import { KIND, MUTEX } from './layout.ts'

/**
 * Removes a set of locks by its name; returns whether there was one. Refused while another process has it
 * open, unless forced: then those who wait are told ERR_IPC_UNLINKED.
 */
export function unlinkLocks(name: string, options?: UnlinkOptions): boolean {
  return unlinkName(KIND, name, options, {
    layoutOf: ([requests]) => fileLayout(requests!),
    poison: ({ memory }) => memory.exchange(MUTEX, POISON),
  })
}
