import { FIRST_ID } from '@ipc/explorer/engine'

/** Writes a word that names an agent, with the bits of a lock's word. */
export function showAgents(value: number): string {
  const id = value & 0x3fffffff
  const parts = [id === 0 ? '0' : id >= FIRST_ID ? `T${id - FIRST_ID}` : String(id)]
  if ((value & 0x40000000) !== 0) parts.push('RESERVED')
  if (value < 0) parts.push('WAITERS')
  return parts.join('+')
}
