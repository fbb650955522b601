import { Lock } from '@ipc/lock'
import { type Agent, FIRST_ID, FUTEX_TID_MASK } from '@ipc/explorer/engine'
import {
  agentOf,
  DATA,
  generationOf,
  livenessOf,
  NAMES,
  place,
  places,
  ROBUST,
} from './native/layout.ts'
import { Agents } from './native/agents.ts'
import { NativeMemory } from './native/native-memory.ts'
import { ACQUIRED, ACQUIRES, exclusion, GAVE_UP, RELEASED, RELEASES } from './exclusion.ts'
import { threadsOver } from './parts.ts'
import { showNative } from './show-native.ts'
import type { Subject } from './subject.ts'

/** One agent's view of a named lock. */
interface Opened {
  readonly memory: NativeMemory
  /** The shipped one. */
  readonly lock: Lock
}

export const FIRST_GENERATION = 1

function openAs(agent: Agent, self: number): Opened {
  const memory = new NativeMemory(agent.memory, self)
  return { memory, lock: agent.named(Lock.at(memory, 0)) }
}

/** The agent has the file open already. */
const segment = threadsOver((agent) => openAs(agent, agentOf(agent.number + 1, FIRST_GENERATION)))

function acquire(agent: Agent, { lock }: Opened): void {
  agent.begins(ACQUIRES)
  agent.did(ACQUIRED, Number(lock.acquire().abandoned))
}

function release(agent: Agent, { lock }: Opened): void {
  agent.begins(RELEASES)
  lock.release()
  agent.did(RELEASED)
}

function hold(agent: Agent, opened: Opened): void {
  acquire(agent, opened)
  release(agent, opened)
}

/** Leaves as ipc_file_close() and the hook at the end of an environment do. */
function leave(agent: Agent, { memory }: Opened): void {
  memory.openers.leave(memory.self)
  memory.agents.agentLeave(memory.self)
  agent.memory.exit()
}

/** Agents with these segments begin outside, and take the slot of a dead agent, if there is one by then. */
const JOINS = 'join'
const CLAIMS = 'claim'

/**
 * Answers with the first values of the words: all agents have the file open, except those that come later.
 */
export function everybodyHasItOpen(agents: readonly (readonly string[])[]): readonly number[] {
  const words = Array.from({ length: DATA }, () => 0)
  for (const [agent, segments] of agents.entries()) {
    if (segments[0] === JOINS || segments[0] === CLAIMS) continue
    const slot = agent + 1
    words[livenessOf(slot)] = FIRST_ID + agent
    words[generationOf(slot)] = FIRST_GENERATION
    words[place(agent)] = agentOf(slot, FIRST_GENERATION)
  }
  words[places] = agents.length
  return words
}

const OBJECT = 'lock'

/**
 * The shipped Lock, asleep as in process scope: everybody has slots and the file open already, and watches
 * everybody else. Only the kernel tells of a death, and it wakes one sleeper.
 */
export const openers: Subject = {
  name: 'openers',
  words: DATA + Lock.words(),
  robust: ROBUST,
  initial: everybodyHasItOpen,
  monitor: {
    ...exclusion([...NAMES, OBJECT, `${OBJECT}.reservation`, `${OBJECT}.deaths`]),
    show: showNative,
  },
  refuses: (agents) =>
    agents.some((segments) => segments.slice(1).includes(CLAIMS))
      ? `${CLAIMS} comes from outside, so it is the first thing that an agent does`
      : undefined,
  segments: [
    segment('hold', hold),
    segment('tryFor', (agent, { lock }) => {
      agent.begins(ACQUIRES)
      const guard = agent.timed(() => lock.tryAcquire({ timeoutMs: 10 }))
      if (guard === null) return agent.did(GAVE_UP)
      agent.did(ACQUIRED, Number(guard.abandoned))
      agent.begins(RELEASES)
      lock.release()
      agent.did(RELEASED)
    }),
    segment('holdLeave', (agent, opened) => {
      hold(agent, opened)
      leave(agent, opened)
    }),
    // Ends in good order, except that it does not release the lock.
    segment('exit', (agent, opened) => {
      acquire(agent, opened)
      agent.begins(RELEASES)
      opened.memory.agents.agentLeave(opened.memory.self)
      opened.memory.openers.leave(opened.memory.self) // its place in the table stays, so it counts as dead
      agent.memory.exit()
    }),
    segment('reopen', (agent, { memory }) => {
      memory.openers.leave(memory.self)
      memory.openers.join(memory.self)
      hold(agent, openAs(agent, memory.self))
    }),
    {
      name: JOINS,
      code(agent) {
        const own = agent.number + 1
        if ((agent.memory.load(livenessOf(own)) & FUTEX_TID_MASK) === agent.memory.self) {
          return hold(agent, openAs(agent, agentOf(own, FIRST_GENERATION))) // it has joined before
        }
        const self = new Agents(agent.memory, own).agentSelf()
        if (self === 0) return agent.memory.stay()
        const opened = openAs(agent, self)
        opened.memory.openers.join(self)
        hold(agent, opened)
        leave(agent, opened)
      },
    },
    {
      // The agent has other files open, and not this one.
      name: CLAIMS,
      code(agent) {
        new Agents(agent.memory, agent.number + 1).agentSelf()
        agent.memory.stay()
      },
    },
  ],
}
