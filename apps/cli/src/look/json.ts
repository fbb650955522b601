/** A view for programs. */
import type { SeenAgent } from '@ipc/core'
import type { Processes } from './processes.ts'
import type { ViewWithDeadlocks } from './look.ts'

export function jsonOf({ objects, deadlocks, processes }: ViewWithDeadlocks): object {
  return {
    objects: objects.map(({ kind, name, id, says, waiters, users }) => ({
      kind,
      name,
      id,
      state: says.state,
      holders: says.holders.map((agent) => ({
        ...party(agent, processes),
        /** Exact, or null: then not before `processSince`. */
        since: agent.command?.since ?? null,
        processSince: processes.of(agent.pid)?.since ?? null,
        killed: agent.livesInHeirs,
        runs: agent.command === null ? null : processOf(agent.command.pid, processes),
      })),
      dead: says.dead.map(({ pid, threadId }) => ({ pid: pid || null, threadId })),
      waiters: waiters.map(({ agent, wait }) => ({
        ...party(agent, processes),
        since: wait.since,
        blocked: wait.blocked,
      })),
      users: [...new Set(users.map(({ pid }) => pid))],
    })),
    deadlocks: deadlocks.map(({ certain, circle }) => ({
      certain,
      circle: circle.map(({ agent, next, object }) => ({
        ...party(agent, processes),
        waitsFor: object === null ? null : { kind: object.kind, name: object.name },
        heldBy: object === null ? null : next.pid,
        runs: object === null ? next.pid : null,
      })),
    })),
  }
}

function party({ pid, threadId }: SeenAgent, processes: Processes): object {
  return { ...processOf(pid, processes), threadId }
}

function processOf(pid: number, processes: Processes): { pid: number; command: string | null } {
  return { pid, command: processes.of(pid)?.command ?? null }
}
