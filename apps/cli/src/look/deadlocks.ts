/** Finds the agents that wait in a circle. */
import type { SeenAgent } from '@ipc/core'
import type { View, ViewedObject } from './view.ts'

/** One step of the circle: `agent` cannot go on before `next` does, and `object` says why. */
export interface Link {
  readonly agent: SeenAgent
  readonly next: SeenAgent
  /** The object that `next` holds and `agent` waits for; null: `agent` runs `next` as its command. */
  readonly object: ViewedObject | null
}

export interface Deadlock {
  /** Every one of them is blocked. If not, a promise waits, and others of its thread may help. */
  readonly certain: boolean
  readonly circle: readonly Link[]
}

interface Wait {
  readonly object: ViewedObject | null
  readonly needs: readonly SeenAgent[]
  /** Whether it needs all of them; if not, one is enough. */
  readonly all: boolean
  readonly certain: boolean
}

/**
 * Takes all agents that wait as stuck, and then frees each that waits for nobody, or for an agent that
 * is not stuck, until nothing changes. The agents that are left wait only for each other.
 */
export function findDeadlocks(view: View): Deadlock[] {
  const waits = new Map<SeenAgent, Wait[]>()
  for (const agent of view.agents) waits.set(agent, waitsOf(agent, view))
  const stuck = new Set(view.agents.filter((agent) => waits.get(agent)!.length > 0))
  const isStuck = ({ needs, all }: Wait): boolean =>
    needs.length > 0 &&
    (all ? needs.some((one) => stuck.has(one)) : needs.every((one) => stuck.has(one)))
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size
    for (const agent of stuck) if (!waits.get(agent)!.some(isStuck)) stuck.delete(agent)
  }
  return circles(stuck, (agent) => waits.get(agent)!.find(isStuck)!)
}

function waitsOf(agent: SeenAgent, { objects, agents, processes }: View): Wait[] {
  const waits: Wait[] = []
  for (const { id, blocked } of agent.waits) {
    const object = objects.find((one) => one.id === id)
    if (object === undefined) continue
    const needs = object.says.needs(agent)
    waits.push({ object, needs: needs.agents, all: needs.all, certain: blocked })
  }
  const { command } = agent
  if (command === null) return waits
  const run = agents.filter((one) => one !== agent && processes.runsUnder(one, agent, command.pid))
  for (const one of run) {
    waits.push({ object: null, needs: [one], all: true, certain: one.pid === command.pid })
  }
  return waits
}

function circles(stuck: ReadonlySet<SeenAgent>, waitOf: (agent: SeenAgent) => Wait): Deadlock[] {
  const deadlocks: Deadlock[] = []
  const visited = new Set<SeenAgent>()
  for (const start of stuck) {
    const path: Link[] = []
    let certain = true
    let agent = start
    while (!visited.has(agent)) {
      visited.add(agent)
      const wait = waitOf(agent)
      const next = wait.needs.find((one) => stuck.has(one))!
      certain &&= wait.certain
      path.push({ agent, next, object: wait.object })
      agent = next
    }
    const circle = path.slice(path.findIndex((link) => link.agent === agent))
    // A circle of one is a timed try for an object that the thread holds itself: it ends by itself.
    if (path.some((link) => link.agent === agent) && circle.length > 1)
      deadlocks.push({ certain, circle })
  }
  return deadlocks
}
