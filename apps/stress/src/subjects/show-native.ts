import { agentOf, DATA, NAMES, slotOf } from './native/layout.ts'
import { FIRST_ID, FUTEX_OWNER_DIED, FUTEX_TID_MASK } from '@ipc/explorer/engine'

/** Writes a value of one of the native side's words, or of a lock's words behind them. */
export function showNative(index: number, value: number): string {
  const name = NAMES[index] ?? ''
  if (name.startsWith('alive')) return showLiveness(value)
  if (name.startsWith('opener') || index >= DATA) return showAgent(value)
  return String(value)
}

function showLiveness(value: number): string {
  const owner = value & FUTEX_TID_MASK
  const parts = owner === 0 ? [] : [`T${owner - FIRST_ID}`]
  if ((value & FUTEX_OWNER_DIED) !== 0) parts.push('OWNER_DIED')
  if (value < 0) parts.push('WAITERS')
  return parts.length === 0 ? '0' : parts.join('+')
}

/** Writes an agent as `1.0`, which is the first one that had slot 1. */
function showAgent(value: number): string {
  const agent = value & 0x3fffffff
  const slot = slotOf(agent)
  const parts = [slot === 0 ? String(agent) : `${slot}.${agent - agentOf(slot, 0)}`]
  if ((value & 0x40000000) !== 0) parts.push('RESERVED')
  if (value < 0) parts.push('WAITERS')
  return parts.join('+')
}
