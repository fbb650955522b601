import type { Call } from '../history/call.ts'

/**
 * Splits waits that take effect at two moments, when they begin to wait and when they end, into two calls,
 * each of which may have happened at any time during the whole wait.
 */
export function inHalves(calls: readonly Call[]): Call[] {
  return calls.flatMap((call) =>
    call.what === 'wait' ? [call, { ...call, what: 'return' as const }] : [call],
  )
}
