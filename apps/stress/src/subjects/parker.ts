import { Lock } from '@ipc/lock'
import { type Agent, asUnmerged, FIRST_ID, type Segment, type View } from '@ipc/explorer/engine'
import {
  agentOf,
  DATA,
  NAMES,
  place,
  places,
  generationOf,
  livenessOf,
  ROBUST,
} from './native/layout.ts'
import { NativeMemory } from './native/native-memory.ts'
import { Parker } from './native/parker.ts'
import { Layout, Process } from './native/process.ts'
import { ABORTED, TicketMemory, type Fate } from './native/ticket-memory.ts'
import { ACQUIRED, ACQUIRES, exclusion, GAVE_UP, RELEASED, RELEASES } from './exclusion.ts'
import { everybodyHasItOpen, FIRST_GENERATION } from './openers.ts'
import { showNative } from './show-native.ts'
import type { Subject } from './subject.ts'

const layout = new Layout(DATA + Lock.words())

/** A program has at most this many agents beside the parker. */
const MOST_AGENTS = 3
const MANY = 5

type Agents = readonly (readonly string[])[]

const selfOf = (agent: Agent): number => agentOf(agent.number + 1, FIRST_GENERATION)

function acquire(agent: Agent, lock: Lock): void {
  agent.begins(ACQUIRES)
  const guard = lock.acquire()
  agent.loses(0)
  agent.did(ACQUIRED, Number(guard.abandoned))
}

function release(agent: Agent, lock: Lock): void {
  agent.begins(RELEASES)
  lock.release()
  agent.did(RELEASED)
}

function hold(agent: Agent, lock: Lock): void {
  acquire(agent, lock)
  release(agent, lock)
}

/**
 * An agent whose call was aborted does nothing more: its next call might come after the last pass, and find
 * the lock still reserved for a busy thread. Only the sleeper's own look would help then, and it is not
 * modelled.
 */
function holdUnlessAborted(agent: Agent, lock: Lock, after: () => void): void {
  try {
    hold(agent, lock)
    after()
  } catch (error) {
    if (error !== ABORTED) throw error
    agent.did(GAVE_UP)
    after()
    agent.memory.stay()
  }
}

/* ---- threads that block: each is a process -------------------------------------------------------- */

const blocking = (name: string, body: (agent: Agent, lock: Lock) => void): Segment => ({
  name,
  code: (agent) =>
    body(agent, agent.named(Lock.at(new NativeMemory(agent.memory, selfOf(agent)), 0))),
})

/* ---- threads of the process with the parker -------------------------------------------------------- */

const ASYNCHRONOUS = new Set<string>()

function asynchronous(
  name: string,
  fate: Fate,
  body: (agent: Agent, lock: Lock, memory: TicketMemory) => void,
): Segment {
  ASYNCHRONOUS.add(name)
  return {
    name,
    code: asUnmerged((agent) => {
      const process = new Process(agent.memory, layout)
      const memory = new TicketMemory(process, selfOf(agent), agent.number, fate)
      body(agent, agent.named(Lock.at(memory, 0)), memory)
    }),
  }
}

const CLOSES = 'abortClose'

const isInProcess = (segments: readonly string[]): boolean =>
  segments.some((name) => ASYNCHRONOUS.has(name))

const parks: Segment = {
  name: 'parks',
  code: asUnmerged((agent) => {
    const process = new Process(agent.memory, layout)
    agent.named(new Parker(process, selfOf(agent))).turn()
  }),
}

/** Everybody has the file open; the parker stands in its table once for each thread of its process. */
function initial(agents: Agents): readonly number[] {
  const words = [...everybodyHasItOpen(agents)]
  while (words.length < layout.end) words.push(0)
  const parker = agents.length
  const slot = parker + 1
  const self = agentOf(slot, FIRST_GENERATION)
  words[livenessOf(slot)] = FIRST_ID + parker
  words[generationOf(slot)] = FIRST_GENERATION
  for (const segments of agents) if (isInProcess(segments)) words[place(words[places]!++)] = self
  words[layout.parker] = self
  words[layout.stale] = 1
  return words
}

const one = exclusion([...NAMES, 'lock', 'lock.reservation', 'lock.deaths', ...layout.names])

const isParker = (view: View, agent: number): boolean => agent === view.agents - 1

/**
 * The shipped Lock, in process scope, between threads that block and threads that sleep by tickets. The
 * latter are of one process, which has a parker; it dies as a whole, one thread after another.
 */
export const parker: Subject = {
  name: 'parker',
  words: layout.end,
  robust: ROBUST,
  initial,
  mostAgents: MOST_AGENTS,
  commutes: layout.commutes,
  helpers: () => [parks],
  processes: (agents) => [
    ...agents.map((segments, agent) => (isInProcess(segments) ? 0 : agent + 1)),
    0,
  ],
  monitor: {
    ...one,
    maySleep: (view, agent) => isParker(view, agent) || one.maySleep!(view, agent),
    atRest(view) {
      const isLocked = view.shared.load(layout.lock) + view.shared.load(layout.parkersLock) > 0
      return isLocked && !view.isDead(view.agents - 1)
        ? 'a mutex of the process stays locked'
        : undefined
    },
    show: (index, value) =>
      index < DATA + Lock.words() ? showNative(index, value) : layout.show(index, value),
  },
  refuses: (agents) =>
    agents.some((segments) => segments.slice(0, -1).includes(CLOSES))
      ? `${CLOSES} closes the object, so it is the last thing that an agent does`
      : undefined,
  segments: [
    blocking('hold', hold),
    blocking('holdLong', (agent, lock) => {
      acquire(agent, lock)
      new Process(agent.memory, layout).nap()
      release(agent, lock)
    }),
    asynchronous('async', 'waits', hold),
    asynchronous('abort', 'is aborted', (agent, lock) => {
      holdUnlessAborted(agent, lock, () => {})
    }),
    asynchronous('mayAbort', 'may be aborted', (agent, lock) => {
      holdUnlessAborted(agent, lock, () => {})
    }),
    // The process may then die with the wake that the ticket has consumed.
    asynchronous(CLOSES, 'is aborted', (agent, lock, memory) => {
      holdUnlessAborted(agent, lock, () => memory.close())
    }),
    asynchronous('ends', 'ends', hold),
    asynchronous('busy', 'is busy', hold),
    // This agent is like one that was woken for nothing again and again: it reserves the lock.
    asynchronous('starvedBusy', 'is busy', (agent, lock) => {
      agent.loses(MANY)
      hold(agent, lock)
    }),
  ],
}
