/** A view for programs. */
import type { SeenAgent } from '@ipc/core'
import type { Numbered, Processes } from './processes.ts'
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
        /** The exact time, or null: then the hold began no earlier than `processSince`. */
        since: agent.command?.since ?? null,
        processSince: processes.ofAgent(agent)?.since ?? null,
        killed: agent.livesInHeirs,
        runs:
          agent.command === null
            ? null
            : processOf({ pid: agent.command.pid, ...foreignOf(agent) }, processes),
      })),
      ...(says.locks === undefined
        ? {}
        : {
            locks: says.locks.map(({ name: lock, mode, held, agent }) => ({
              ...party(agent, processes),
              name: lock,
              mode,
              held,
            })),
          }),
      dead: says.dead.map((agent) => ({
        pid: agent.pid || null,
        threadId: agent.threadId,
        ...foreignOf(agent),
      })),
      waiters: waiters.map(({ agent, wait }) => ({
        ...party(agent, processes),
        since: wait.since,
        blocked: wait.blocked,
      })),
      users: [...new Set(users.flatMap(({ pid, foreign }) => (foreign ? [] : [pid])))],
      /** The pids of users in other pid namespaces, as numbers of those. */
      foreignUsers: [...new Set(users.flatMap(({ pid, foreign }) => (foreign ? [pid] : [])))],
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

function party(agent: SeenAgent, processes: Processes): object {
  const { pid, threadId } = agent
  return { ...processOf({ pid, ...foreignOf(agent) }, processes), threadId }
}

function processOf(process: Numbered, processes: Processes): object {
  return { ...process, command: processes.ofAgent(process)?.command ?? null }
}

/** `foreign: true`: the pid is a number in another pid namespace. */
function foreignOf({ foreign }: Numbered): Pick<Numbered, 'foreign'> {
  return foreign ? { foreign } : {}
}
