import { Event } from '@ipc/sync'
import { ABORTED, type Agent, type Loop, type Monitor, type Segment } from '@ipc/explorer/engine'
import { loopsOver, threadsOver } from './parts.ts'
import type { Subject } from './subject.ts'

const AT = 0

const open = (agent: Agent): Event => agent.named(Event.at(agent.memory, AT))
const segment = threadsOver(open)
const loopSegment = loopsOver(open)

export const WAITS = 1
export const WAITED = 2
export const SETS = 3
export const HAS_SET = 4
export const CLEARS = 5
export const CLEARED = 6

const wait: Segment = segment('wait', (agent, event) => {
  agent.begins(WAITS)
  event.wait()
  agent.did(WAITED, 1)
})

/** Waits with a time-out that may come at any time. */
const waitFor: Segment = segment('waitFor', (agent, event) => {
  agent.begins(WAITS)
  agent.did(WAITED, Number(agent.timed(() => event.tryWait({ timeoutMs: 10 }))))
})

const set: Segment = segment('set', doSet)
const clear: Segment = segment('clear', doClear)

/** set; clear */
const pulse: Segment = segment('pulse', (agent, event) => {
  doSet(agent, event)
  doClear(agent, event)
})

function doSet(agent: Agent, event: Event): void {
  agent.begins(SETS)
  event.set()
  agent.did(HAS_SET)
}

function doClear(agent: Agent, event: Event): void {
  agent.begins(CLEARS)
  event.clear()
  agent.did(CLEARED)
}

/* ---- event loops ------------------------------------------------------------------------------- */

type EventTask = (event: Event, loop: Loop) => Promise<void>

const waitAsync: EventTask = async (event, { agent }) => {
  agent.begins(WAITS)
  await event.waitAsync()
  agent.did(WAITED, 1)
}

const waitAsyncFor: EventTask = async (event, { agent }) => {
  agent.begins(WAITS)
  agent.did(WAITED, Number(await event.tryWaitAsync({ timeoutMs: 10 })))
}

const waitUnlessAborted: EventTask = async (event, loop) => {
  const signal = loop.signal()
  loop.agent.begins(WAITS)
  try {
    await event.waitAsync({ signal })
    loop.agent.did(WAITED, 1)
  } catch (error) {
    if (error !== ABORTED) throw error
    loop.agent.did(WAITED, 0)
  }
}

/** Two calls wait at once; the monitor is told of the later one. */
const waitTwice: EventTask = async (event, { agent }) => {
  const first = event.waitAsync()
  agent.begins(WAITS)
  await event.waitAsync()
  agent.did(WAITED, 1)
  await first
}

/** Whether it may be set: not after a clear that no set overlapped. */
const MAYBE_SET = 0
/** The words from here on are sets of agents. */
const SETTING = 1
const CLEAN_CLEARING = 2
const WAITING = 3
/** The agent waits, and has checked the event before it sleeps: from here on a set must release it. */
const ARMED = 4
/** The agent waits, and the event may have been set meanwhile. */
const MAY_GO = 5
/** The agent waits, and a set that began after it was ARMED is over. */
const MUST_GO = 6
/** For each agent that sets, the agents that were ARMED when it began. */
const OF_SETTERS = 7
const MOST_AGENTS = 6

/**
 * Everyone who waited when set began is released when it has ended, whatever follows; nobody goes on
 * unless it was set meanwhile.
 */
const monitor: Monitor = {
  words: OF_SETTERS + MOST_AGENTS,

  tell(view, agent, code, value) {
    const bit = 1 << agent
    const on = (word: number, bits: number): void => view.set(word, view.get(word) | bits)
    const off = (word: number, bits: number): void => view.set(word, view.get(word) & ~bits)
    switch (code) {
      case WAITS:
        on(WAITING, bit)
        if (view.get(MAYBE_SET) !== 0) on(MAY_GO, bit)
        return undefined
      case WAITED: {
        const mayGo = (view.get(MAY_GO) & bit) !== 0
        for (const word of [WAITING, ARMED, MAY_GO, MUST_GO]) off(word, bit)
        for (let other = 0; other < view.agents; other++) off(OF_SETTERS + other, bit)
        return value === 1 && !mayGo ? `T${agent} goes on, but it was not set` : undefined
      }
      case SETS:
        view.set(MAYBE_SET, 1)
        on(SETTING, bit)
        view.set(CLEAN_CLEARING, 0)
        on(MAY_GO, view.get(WAITING))
        view.set(OF_SETTERS + agent, view.get(ARMED))
        return undefined
      case HAS_SET:
        off(SETTING, bit)
        on(MUST_GO, view.get(OF_SETTERS + agent))
        view.set(OF_SETTERS + agent, 0)
        return undefined
      case CLEARS:
        if (view.get(SETTING) === 0) on(CLEAN_CLEARING, bit)
        return undefined
      default:
        if ((view.get(CLEAN_CLEARING) & bit) !== 0) view.set(MAYBE_SET, 0)
        off(CLEAN_CLEARING, bit)
        return undefined
    }
  },

  armed(view, agent) {
    view.set(ARMED, view.get(ARMED) | (view.get(WAITING) & (1 << agent)))
  },

  maySleep: (view, agent) =>
    (view.get(MUST_GO) & (1 << agent)) === 0 && !Event.at(view.shared, AT).isSet,

  wordNames: ['event'],
  show: (_, word) => {
    const parts = [String(word & 0x3fffffff)]
    if ((word & 0x40000000) !== 0) parts.push('SET')
    if (word < 0) parts.push('WAITERS')
    return parts.join('+')
  },
}

export const event: Subject = {
  name: 'event',
  words: Event.words(),
  monitor,
  segments: [wait, waitFor, set, clear, pulse],
  loops: [
    loopSegment('async', waitAsync),
    loopSegment('async2', waitTwice),
    loopSegment('asyncFor', waitAsyncFor),
    loopSegment('abort', waitUnlessAborted),
  ],
}
