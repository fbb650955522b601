import { nativeFor } from '../native.ts'
import { Ring } from './ring.ts'

export interface SignalCounters {
  /** Signals that were caught for a handler, a wait or a loop, since the start of the process. */
  readonly received: number
  /** Those of them that came when too many were unread, and were dropped. */
  readonly lost: number
}

/** How many signals have come, and whether any was lost. Both count modulo 2³². */
export function signalCounters(): SignalCounters {
  const { received, lost } = new Ring(nativeFor('count signals'))
  return { received, lost }
}
