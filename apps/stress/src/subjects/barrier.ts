import { Barrier } from '@ipc/sync'
import { ABORTED, type Agent, type Loop, type Monitor, type View } from '@ipc/explorer/engine'
import { loopsOver, threadsOver } from './parts.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const AT = 0

const PHASES = ['FILLING', 'DRAINING', 'BROKEN', 'RESETTING'] as const

export const COMES = 1
export const PASSES = 2
export const THROWS = 3
/** An abort begins; then it is over. */
export const ABORTS = 4
export const HAS_ABORTED = 5
export const RESETS = 6
export const HAS_RESET = 7

/** How many came in all rounds at most, and how many passed. */
const CAME = 0
const PASSED = 1
/** Whether something may have broken it: an abort, a reset, a time-out, a death. */
const MAY_BE_BROKEN = 2
/** Whether an abort is over and no reset has begun since. */
const MUST_BE_BROKEN = 3
/** How many resets are going on, and the aborts (of agents) that one overlaps. */
const RESETTING = 4
const OVERLAPPED = 5
/** The agents that came when it had to be broken. */
const CAME_TOO_LATE = 6
/** How many calls of each agent are going on: eight bits each. */
const CALLS = 7
const WORDS = 8

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

async function comeAsync(
  loop: Loop,
  barrier: Barrier,
  how: 'endless' | 'timed' | 'aborted',
): Promise<void> {
  const { agent } = loop
  agent.begins(COMES, how === 'endless' ? 0 : 1)
  try {
    const pass = await barrier.waitAsync(
      how === 'timed'
        ? { timeoutMs: 10 }
        : how === 'aborted'
          ? { signal: loop.signal() }
          : undefined,
    )
    agent.did(PASSES, pass.index)
  } catch (error) {
    if (error !== ABORTED && (error as { code?: string }).code !== 'ERR_IPC_BROKEN_BARRIER') {
      throw error
    }
    agent.did(THROWS)
  }
}

/**
 * Nobody passes before all parties of its round have come, which are calls that have begun; nobody throws
 * without a reason; nobody sleeps when as many are there as the round needs, or when its round could begin.
 */
function monitorOf(parties: number): Monitor {
  return {
    words: WORDS,
    tell(view, agent, code, value) {
      if (someoneDied(view)) view.set(MAY_BE_BROKEN, 1)
      switch (code) {
        case COMES:
          view.set(CAME, view.get(CAME) + 1)
          if (value === 1) view.set(MAY_BE_BROKEN, 1)
          // If an agent has two calls, nobody knows which one passes.
          if (view.get(MUST_BE_BROKEN) !== 0 && !isCalling(view, agent)) {
            on(view, CAME_TOO_LATE, agent)
          } else off(view, CAME_TOO_LATE, agent)
          countCall(view, agent, 1)
          return undefined
        case PASSES: {
          countCall(view, agent, -1)
          const passed = view.get(PASSED) + 1
          view.set(PASSED, passed)
          const rounds = Math.ceil(passed / parties)
          if (view.get(CAME) < rounds * parties && view.get(MAY_BE_BROKEN) === 0) {
            return `T${agent} passes in round ${rounds}, but only ${view.get(CAME)} came`
          }
          if (view.get(CAME) < parties) return `T${agent} passes alone`
          if (isOn(view, CAME_TOO_LATE, agent)) return `T${agent} passes after an abort`
          return value < parties ? undefined : `the index is ${value}`
        }
        case THROWS:
          countCall(view, agent, -1)
          if (view.get(MAY_BE_BROKEN) === 0) return `T${agent} throws for no reason`
          return undefined
        case ABORTS:
          view.set(MAY_BE_BROKEN, 1)
          if (view.get(RESETTING) > 0) on(view, OVERLAPPED, agent)
          else off(view, OVERLAPPED, agent)
          return undefined
        case HAS_ABORTED:
          if (view.get(RESETTING) === 0 && !isOn(view, OVERLAPPED, agent)) {
            view.set(MUST_BE_BROKEN, 1)
          }
          return undefined
        case RESETS:
          view.set(MAY_BE_BROKEN, 1)
          view.set(MUST_BE_BROKEN, 0)
          view.set(CAME_TOO_LATE, 0)
          view.set(OVERLAPPED, -1)
          view.set(RESETTING, view.get(RESETTING) + 1)
          return undefined
        default:
          view.set(RESETTING, view.get(RESETTING) - 1)
          return undefined
      }
    },
    atRest(view) {
      const isLost =
        view.get(MUST_BE_BROKEN) !== 0 && !Barrier.at(view.shared, AT, { parties }).broken
      return isLost ? 'the barrier is not broken, though it was aborted' : undefined
    },
    maySleep(view) {
      const barrier = Barrier.at(view.shared, AT, { parties })
      if (barrier.broken || isEnding(view)) return false
      let asleep = 0
      for (let agent = 0; agent < view.agents; agent++) if (view.isAsleep(agent)) asleep++
      return asleep < parties && !diedInside(view, parties)
    },
    wordNames: ['state', ...Array.from({ length: parties }, (_, i) => `place${i}`)],
    show(index, word) {
      if (index > AT) return word < 0 ? `free for ${word & 0x0fffffff}` : showAgents(word)
      const phase = PHASES[(word >>> 29) & 3]!
      const bits = [(word & 0x10000000) === 0 ? '' : '+ABORTED', word < 0 ? '+WAITERS' : '']
      return `${phase} ${word & 0x0fffffff}${bits.join('')}`
    },
  }
}

/**
 * Whether a round is ending. An agent that sleeps then waits for those that leave the round, and all of them
 * have left when nobody can go on.
 */
function isEnding(view: View): boolean {
  const phase = PHASES[(view.shared.load(AT) >>> 29) & 3]
  return phase === 'DRAINING' || phase === 'RESETTING'
}

const on = (view: View, word: number, agent: number): void =>
  view.set(word, view.get(word) | (1 << agent))
const off = (view: View, word: number, agent: number): void =>
  view.set(word, view.get(word) & ~(1 << agent))
const isOn = (view: View, word: number, agent: number): boolean =>
  (view.get(word) & (1 << agent)) !== 0

const isCalling = (view: View, agent: number): boolean =>
  ((view.get(CALLS) >> (8 * agent)) & 255) !== 0
const countCall = (view: View, agent: number, by: number): void =>
  view.set(CALLS, view.get(CALLS) + by * (1 << (8 * agent)))

function someoneDied(view: View): boolean {
  for (let agent = 0; agent < view.agents; agent++) if (view.isDead(agent)) return true
  return false
}

/** Whether a place belongs to a dead agent while others wait, which breaks the round. */
function diedInside(view: View, parties: number): boolean {
  for (let place = 1; place <= parties; place++) {
    const there = view.shared.load(AT + place)
    if (there > 0 && view.shared.isDead(there)) return true
  }
  return false
}

export function barrierOf(parties: number): Subject {
  const open = (agent: Agent): Barrier => agent.named(Barrier.at(agent.memory, AT, { parties }))
  const segment = threadsOver(open)
  const loop = loopsOver(open)
  return {
    name: `barrier:${parties}`,
    words: Barrier.words({ parties }),
    monitor: monitorOf(parties),
    segments: [
      segment('wait', (agent, barrier) => come(agent, barrier, false)),
      segment('waitFor', (agent, barrier) => come(agent, barrier, true)),
      segment('abort', (agent, barrier) => {
        agent.begins(ABORTS)
        barrier.abort()
        agent.did(HAS_ABORTED)
      }),
      segment('reset', (agent, barrier) => {
        agent.begins(RESETS)
        barrier.reset()
        agent.did(HAS_RESET)
      }),
    ],
    loops: [
      loop('async', (barrier, it) => comeAsync(it, barrier, 'endless')),
      loop(
        'async2',
        (barrier, it) => comeAsync(it, barrier, 'endless'),
        (barrier, it) => comeAsync(it, barrier, 'endless'),
      ),
      loop('asyncFor', (barrier, it) => comeAsync(it, barrier, 'timed')),
      loop('asyncAbort', (barrier, it) => comeAsync(it, barrier, 'aborted')),
    ],
  }
}
