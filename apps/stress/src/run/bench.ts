import { mkdtempSync, rmSync } from 'node:fs'
import { Arena } from '../history/arena.ts'
import { Pool, type PoolSize } from '../pool/pool.ts'
import type { Bench } from './run-program.ts'

/** Gives `use` what programs run on, and takes it away again whatever happens. */
export async function withBench<T>(
  size: PoolSize,
  planted: string | undefined,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const directory = ownDirectory()
  const arena = Arena.create()
  const pool = new Pool(arena.memory.handle, size)
  try {
    return await use({ arena, pool, planted })
  } finally {
    await pool.close()
    arena.memory.close()
    if (directory !== null) rmSync(directory, { recursive: true, force: true })
  }
}

/** Named objects of its own, so that it meets nobody else's; null where there is no /dev/shm. */
function ownDirectory(): string | null {
  if (process.platform !== 'linux') return null
  return (process.env['IPC_DIR'] = mkdtempSync('/dev/shm/ipc-stress-'))
}
