import { contend } from './contend.ts'
import { event } from './event.ts'
import { killed } from './killed.ts'
import { pingpong } from './pingpong.ts'
import { signals } from './signals.ts'
import { wake } from './wake.ts'
import type { Work } from './work.ts'

/** The works that are done between processes. */
export const works: Readonly<Record<string, Work>> = {
  contend,
  event,
  killed,
  pingpong,
  signals,
  wake,
}
