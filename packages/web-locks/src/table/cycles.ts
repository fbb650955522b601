import type { AgentId } from '@ipc/core/author'
import type { SeenRequest } from './snapshot.ts'

/**
 * Clients that wait for each other in a circle: each has a request that waits for a lock that the next
 * one holds, or will hold before it. A client is a thread, and other work of the thread may release what
 * it holds, so a circle is a deadlock only if that work waits, too. A thread that waits for itself alone
 * is not shown: two of its tasks that take turns look the same.
 */
export function findCycles(requests: readonly SeenRequest[]): AgentId[][] {
  const waitsFor = new Map<AgentId, Set<AgentId>>()
  for (const one of requests) {
    if (one.held) continue
    const before = waitsFor.get(one.agent) ?? new Set<AgentId>()
    waitsFor.set(one.agent, before)
    for (const other of requests) {
      if (isInTheWay(other, one) && other.agent !== one.agent) before.add(other.agent)
    }
  }
  return circlesOf(waitsFor)
}

/** Whether one request cannot be granted before another one has gone. */
export function isInTheWay(other: SeenRequest, one: SeenRequest): boolean {
  if (other.name !== one.name || other.tombstone) return false
  if (!other.held && other.order >= one.order) return false
  return other.mode === 'exclusive' || one.mode === 'exclusive'
}

/** The shortest circle of each client that is in none yet. */
function circlesOf(waitsFor: ReadonlyMap<AgentId, ReadonlySet<AgentId>>): AgentId[][] {
  const circles: AgentId[][] = []
  const done = new Set<AgentId>()
  for (const start of waitsFor.keys()) {
    if (done.has(start)) continue
    const circle = shortestCircle(start, waitsFor)
    if (circle === null) continue
    circles.push(circle)
    for (const agent of circle) done.add(agent)
  }
  return circles
}

/** Breadth first, from a client back to itself. */
function shortestCircle(
  start: AgentId,
  waitsFor: ReadonlyMap<AgentId, ReadonlySet<AgentId>>,
): AgentId[] | null {
  const cameFrom = new Map<AgentId, AgentId>()
  const queue = [start]
  for (let agent = queue.shift(); agent !== undefined; agent = queue.shift()) {
    for (const next of waitsFor.get(agent) ?? []) {
      if (next === start) return pathTo(agent, start, cameFrom)
      if (cameFrom.has(next)) continue
      cameFrom.set(next, agent)
      queue.push(next)
    }
  }
  return null
}

function pathTo(last: AgentId, start: AgentId, cameFrom: ReadonlyMap<AgentId, AgentId>): AgentId[] {
  const path = [last]
  for (let agent = last; agent !== start;) path.unshift((agent = cameFrom.get(agent)!))
  return path
}
