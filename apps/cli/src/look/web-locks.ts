/** Reads the table of Web Locks: locks by name, held and pending. */
import type { SeenAgent, SeenObject } from '@ipc/core'
import { isInTheWay, Layout, readTable, sizesFor, type SeenRequest } from '@ipc/web-locks/table'
import type { NamedLock, Words } from './words.ts'

export function weblocks({ memory, options }: SeenObject): Words {
  const requests = readTable(memory, new Layout(sizesFor(options[0] ?? 1)))
  const agentOf = ({ agent }: SeenRequest): SeenAgent => memory.describe?.(agent) as SeenAgent
  const held = requests.filter((one) => one.held)
  const living = held.filter((one) => agentOf(one).alive)
  const pending = requests.filter((one) => !one.held && agentOf(one).alive)
  const locks = [...living, ...pending].map((one): NamedLock => ({
    name: one.name,
    mode: one.mode,
    held: one.held,
    agent: agentOf(one),
  }))
  return {
    state: `${living.length} held, ${pending.length} pending`,
    holders: distinct(living.map(agentOf)),
    dead: distinct(held.filter((one) => !agentOf(one).alive).map(agentOf)),
    locks,
    needs: (waiter) => {
      const wanted = pending.filter((one) => agentOf(one) === waiter)
      const needed = [...living, ...pending].filter(
        (other) => agentOf(other) !== waiter && wanted.some((one) => isInTheWay(other, one)),
      )
      return { agents: distinct(needed.map(agentOf)), all: true }
    },
  }
}

function distinct(agents: readonly SeenAgent[]): SeenAgent[] {
  return [...new Set(agents)]
}
