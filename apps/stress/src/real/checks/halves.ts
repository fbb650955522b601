import type { Call } from '../history/call.ts'

/**
 * Waits that take effect at two moments, when they begin to wait and when they end, as two calls of
 * which each may have been at any time of the whole.
 */
export function inHalves(calls: readonly Call[]): Call[] {
  return calls.flatMap((call) =>
    call.what === 'wait' ? [call, { ...call, what: 'return' as const }] : [call],
  )
}
