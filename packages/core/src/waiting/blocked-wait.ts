import type { AgentInfo } from '../memory/memory.ts'
import type { BlockedWait } from '../platform/platform.ts'
import { describeWho } from '../agents/who.ts'

/** The text that `NODE_DEBUG=ipc` prints of a long wait; each line says who prints it, as Node's own do. */
export function inWords(wait: BlockedWait, pid: number, threadId: number): string {
  const { what, waitedMs, blocking, owners, isHeldHere, askedAt, heldAt } = wait
  const how = blocking ? 'this thread is blocked' : 'a promise waits'
  const since = new Date(Date.now() - waitedMs).toISOString()
  const lines = [`${what}: ${how} since ${since} (${Math.round(waitedMs)} ms)`]
  if (isHeldHere) lines.push('this thread holds it: only this thread can end the wait')
  else if (owners.length > 0) lines.push(`held by ${owners.map(nameOf).join(', ')}`)
  if (askedAt !== null) lines.push('asked for at', ...askedAt.split('\n'))
  if (heldAt !== null) lines.push('taken at', ...heldAt.split('\n'))
  return lines.map((line) => `IPC ${pid}/${threadId}: ${line}\n`).join('')
}

function nameOf(owner: AgentInfo): string {
  return `${describeWho(owner)}${owner.alive ? '' : ' (dead)'}`
}
