import { mkdtempSync } from 'node:fs'
import { Arena } from '../history/arena.ts'
import { Pool, type PoolSize } from '../pool/pool.ts'
import { Reaper } from '../pool/reaper.ts'
import type { Bench } from './run-program.ts'

/** Gives `use` a number of benches for programs to run on, and takes them away whatever happens. */
export async function withBenches<T>(
  benches: number,
  size: PoolSize,
  planted: string | undefined,
  use: (benches: readonly Bench[], reaper: Reaper | null) => Promise<T>,
): Promise<T> {
  const directory = ownDirectory()
  const reaper = directory === null ? null : new Reaper(directory)
  const made = Array.from({ length: benches }, () => {
    const arena = Arena.create()
    return { arena, pool: new Pool(arena.memory.handle, size, reaper), planted }
  })
  try {
    return await use(made, reaper)
  } finally {
    await Promise.all(made.map(({ pool }) => pool.close()))
    for (const { arena } of made) arena.memory.close()
    reaper?.end()
  }
}

/**
 * Makes a directory for this harness's named objects, so that it meets nobody else's; answers null where
 * there is no /dev/shm.
 */
function ownDirectory(): string | null {
  if (process.platform !== 'linux') return null
  return (process.env['IPC_DIR'] = mkdtempSync('/dev/shm/ipc-stress-'))
}
