import { Barrier } from '@ipc/sync'
import type { Agent } from '../agent.ts'
import type { Monitor, Segment, View } from '../model.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const AT = 0
const MOST_AGENTS = 4

const COMES = 1
const PASSES = 2
const THROWS = 3
const BREAKS = 4

/** Of rounds: how many came at most, and passed. */
const CAME = 0
const PASSED = 1
/** Whether something may have broken it: an abort, a reset, a time-out, a death. */
const MAY_BE_BROKEN = 2
/** Of agents: its calls so far. */
const CALLS = 3

function come(agent: Agent, barrier: Barrier, isTimed: boolean): void {
  agent.begins(COMES, isTimed ? 1 : 0)
  try {
    const pass = isTimed ? agent.timed(() => barrier.wait({ timeoutMs: 10 })) : barrier.wait()
    agent.did(PASSES, pass.index)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_IPC_BROKEN_BARRIER') throw error
    agent.did(THROWS)
  }
}

/**
 * Nobody passes before all parties of its round have come, which are calls that have begun; whoever
 * throws, there was a reason; nobody sleeps when so many are there as it takes.
 */
function monitorOf(parties: number): Monitor {
  return {
    words: CALLS + MOST_AGENTS,
    tell(view, agent, code, value) {
      if (someoneDied(view)) view.set(MAY_BE_BROKEN, 1)
      switch (code) {
        case COMES:
          view.set(CAME, view.get(CAME) + 1)
          if (value === 1) view.set(MAY_BE_BROKEN, 1)
          return undefined
        case PASSES: {
          const passed = view.get(PASSED) + 1
          view.set(PASSED, passed)
          const rounds = Math.ceil(passed / parties)
          if (view.get(CAME) < rounds * parties && view.get(MAY_BE_BROKEN) === 0) {
            return `T${agent} passes in round ${rounds}, but only ${view.get(CAME)} came`
          }
          if (view.get(CAME) < parties) return `T${agent} passes alone`
          return value < parties ? undefined : `the index is ${value}`
        }
        case THROWS:
          if (view.get(MAY_BE_BROKEN) === 0) return `T${agent} throws for no reason`
          return undefined
        default:
          view.set(MAY_BE_BROKEN, 1)
          return undefined
      }
    },
    maySleep(view) {
      const barrier = Barrier.at(view.shared, AT, { parties })
      if (barrier.broken) return false
      let asleep = 0
      for (let agent = 0; agent < view.agents; agent++) if (view.isAsleep(agent)) asleep++
      return asleep < parties && !diedInside(view, parties)
    },
    wordNames: ['state', ...Array.from({ length: parties }, (_, i) => `place${i}`)],
    show(index, word) {
      if (index > AT) return word < 0 ? `free for ${word & 0x0fffffff}` : showAgents(word)
      const phase = ['FILLING', 'DRAINING', 'BROKEN', 'RESETTING'][(word >>> 29) & 3]!
      const bits = [(word & 0x10000000) === 0 ? '' : '+ABORTED', word < 0 ? '+WAITERS' : '']
      return `${phase} ${word & 0x0fffffff}${bits.join('')}`
    },
  }
}

function someoneDied(view: View): boolean {
  for (let agent = 0; agent < view.agents; agent++) if (view.isDead(agent)) return true
  return false
}

/** Whether a place belongs to a dead agent while others wait: that breaks it. */
function diedInside(view: View, parties: number): boolean {
  for (let place = 1; place <= parties; place++) {
    const there = view.shared.load(AT + place)
    if (there > 0 && view.shared.isDead(there)) return true
  }
  return false
}

export function barrierOf(parties: number): Subject {
  const segment = (name: string, body: (agent: Agent, barrier: Barrier) => void): Segment => ({
    name,
    code: (agent) => body(agent, agent.named(Barrier.at(agent.memory, AT, { parties }))),
  })
  return {
    name: `barrier:${parties}`,
    words: Barrier.words({ parties }),
    monitor: monitorOf(parties),
    segments: [
      segment('wait', (agent, barrier) => come(agent, barrier, false)),
      segment('waitFor', (agent, barrier) => come(agent, barrier, true)),
      segment('abort', (agent, barrier) => {
        agent.begins(BREAKS)
        barrier.abort()
      }),
      segment('reset', (agent, barrier) => {
        agent.begins(BREAKS)
        barrier.reset()
      }),
    ],
  }
}
