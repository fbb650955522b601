import type { Guard } from '@ipc/core'
import { Lock, RWLock } from '@ipc/lock'
import { ABORTED, type Agent, type Loop, type Monitor, type View } from '@ipc/explorer/engine'
import { loopsOver, threadsOver } from './parts.ts'
import { showAgents } from './show.ts'
import type { Subject } from './subject.ts'

const AT = 0
const MOST_AGENTS = 4
const WITNESS = Lock.words()
const USED = WITNESS + 1
const FIRST_SLOT = USED + 1

const open = (agent: Agent): RWLock => agent.named(RWLock.at(agent.memory, AT))
const segment = threadsOver(open)
const loopSegment = loopsOver(open)

type Side = 'reader' | 'writer'
type How = 'block' | 'try' | 'for'

export const TAKES = 1
export const HAS = 2
export const GAVE_UP = 3
export const RELEASES = 4
export const RELEASED = 5
/** These bits are in the value of a mark. */
export const WRITES = 1
export const TOLD = 2

function hold(agent: Agent, lock: RWLock, side: Side, how: How, inside?: () => void): void {
  const guard = take(agent, lock, side, how)
  if (guard === null) return
  inside?.()
  release(agent, side, guard)
}

function take(agent: Agent, lock: RWLock, side: Side, how: How): Guard | null {
  const of = lock[side]
  agent.begins(TAKES, flag(side))
  const guard =
    how === 'block'
      ? of.acquire()
      : how === 'try'
        ? of.tryAcquire()
        : agent.timed(() => of.tryAcquire({ timeoutMs: 10 }))
  if (guard === null) agent.did(GAVE_UP)
  else agent.did(HAS, flag(side) | (guard.abandoned ? TOLD : 0))
  return guard
}

function release(agent: Agent, side: Side, guard: Guard): void {
  agent.begins(RELEASES, flag(side))
  guard.release()
  agent.did(RELEASED, flag(side))
}

const flag = (side: Side): number => (side === 'writer' ? WRITES : 0)

const read = segment('read', (agent, lock) => hold(agent, lock, 'reader', 'block'))
const write = segment('write', (agent, lock) => hold(agent, lock, 'writer', 'block'))
const readFor = segment('readFor', (agent, lock) => hold(agent, lock, 'reader', 'for'))
const writeFor = segment('writeFor', (agent, lock) => hold(agent, lock, 'writer', 'for'))
const tryRead = segment('tryRead', (agent, lock) => hold(agent, lock, 'reader', 'try'))
const tryWrite = segment('tryWrite', (agent, lock) => hold(agent, lock, 'writer', 'try'))
/** Reads, and reads once more inside, also behind a writer that waits. */
const readTwice = segment('readTwice', (agent, lock) =>
  hold(agent, lock, 'reader', 'block', () => lock.reader.acquire().release()),
)

/* ---- event loops --------------------------------------------------------------------------------- */

type Task = (lock: RWLock, loop: Loop) => Promise<void>

const holdAsync =
  (side: Side, options: { aborted?: boolean; timed?: boolean } = {}): Task =>
  async (lock, loop) => {
    const { agent } = loop
    agent.begins(TAKES, flag(side))
    let guard: Guard | null = null
    try {
      guard =
        options.timed === true
          ? await lock[side].tryAcquireAsync({ timeoutMs: 10 })
          : await lock[side].acquireAsync(options.aborted ? { signal: loop.signal() } : undefined)
    } catch (error) {
      if (error !== ABORTED) throw error
    }
    if (guard === null) return agent.did(GAVE_UP)
    agent.did(HAS, flag(side) | (guard.abandoned ? TOLD : 0))
    release(agent, side, guard)
  }

/** Holds it between the turns of its event loop. */
const holdInBetween =
  (side: Side, how: How): Task =>
  async (lock, { agent }) =>
    hold(agent, lock, side, how)

/* ---- what must hold -------------------------------------------------------------------------------- */

/** Sets of agents, one bit each. A release that has begun counts for nothing any more. */
const READERS = 0
const WRITER = 1
/** The agents that are in the middle of taking it as a writer, or of releasing it. */
const IN_BETWEEN = 2
/** How often somebody may be told that a writer died. */
const MAY_TELL = 3
/** How often somebody must be told. */
const MUST_TELL = 4
/** How many calls of each agent are in the middle of taking it: eight bits each. */
const TAKING = 5
const SEEN_DEAD = 6
/** How often the other side went in past each agent that waits: eight bits each. */
const OVERTAKEN = 7

/** At most this many writers go in past a reader, and one more for each death. */
const MOST_WRITERS = 1

/**
 * Writers exclude everybody; a writer that died inside is told to the next, and nobody is told for nothing;
 * nobody sleeps who could go on; few of the other side go in past an agent that waits.
 */
const monitor: Monitor = {
  words: OVERTAKEN + 1,

  tell(view, agent, code, value) {
    const bit = 1 << agent
    notice(view)
    switch (code) {
      case TAKES:
        view.set(TAKING, view.get(TAKING) + (1 << (8 * agent)))
        setCount(view, OVERTAKEN, agent, 0)
        if ((value & WRITES) !== 0) on(view, IN_BETWEEN, bit)
        return undefined
      case GAVE_UP:
        view.set(TAKING, view.get(TAKING) - (1 << (8 * agent)))
        setCount(view, OVERTAKEN, agent, 0)
        off(view, IN_BETWEEN, bit)
        return undefined
      case HAS: {
        view.set(TAKING, view.get(TAKING) - (1 << (8 * agent)))
        setCount(view, OVERTAKEN, agent, 0)
        off(view, IN_BETWEEN, bit)
        const others = [READERS, WRITER].map((word) => living(view, view.get(word) & ~bit))
        on(view, (value & WRITES) !== 0 ? WRITER : READERS, bit)
        const wrong = (value & WRITES) !== 0 ? others[0]! | others[1]! : others[1]!
        if (wrong !== 0) return `T${agent} is inside together with ${names(wrong)}`
        return (
          overtakes(view, agent, (value & WRITES) !== 0) ?? told(view, agent, (value & TOLD) !== 0)
        )
      }
      case RELEASES:
        off(view, READERS, bit)
        off(view, WRITER, bit)
        if ((value & WRITES) !== 0) on(view, IN_BETWEEN, bit)
        return undefined
      default:
        off(view, IN_BETWEEN, bit)
        return undefined
    }
  },

  /** Nobody sleeps forever: all agents that were inside have left, or are dead. */
  maySleep: () => false,

  wordNames: ['writer', 'reservation', 'witness', 'used', 'slot0', 'slot1', 'slot2', 'slot3'],
  show(index, word) {
    if (index === USED) return String(word)
    if (index < FIRST_SLOT) return showAgents(word)
    const poked = (word & 0xc0000000) === (0xc0000000 | 0)
    const bits = poked
      ? '+WAIT+POKE'
      : word < 0
        ? '+WAIT'
        : (word & 0x40000000) !== 0
          ? '+DRAIN'
          : ''
    return showAgents(word & 0x3fffffff) + bits
  },
}

function on(view: View, word: number, bits: number): void {
  view.set(word, view.get(word) | bits)
}

function off(view: View, word: number, bits: number): void {
  view.set(word, view.get(word) & ~bits)
}

function names(bits: number): string {
  return Array.from({ length: MOST_AGENTS }, (_, i) => i)
    .filter((i) => (bits & (1 << i)) !== 0)
    .map((i) => `T${i}`)
    .join(', ')
}

function living(view: View, bits: number): number {
  for (let agent = 0; agent < view.agents; agent++) if (view.isDead(agent)) bits &= ~(1 << agent)
  return bits
}

/** Notices who has died since, and who must or may be told of it. */
function notice(view: View): void {
  const seen = view.get(SEEN_DEAD)
  for (let agent = 0; agent < view.agents; agent++) {
    const bit = 1 << agent
    if (!view.isDead(agent) || (seen & bit) !== 0) continue
    on(view, SEEN_DEAD, bit)
    const wasInside = (view.get(WRITER) & bit) !== 0
    const mayHaveBeen = wasInside || (view.get(IN_BETWEEN) & bit) !== 0
    // A reader that was told, and died before it had left: the next is told again.
    const wasTold = (view.get(READERS) & bit) !== 0
    if (wasInside) view.set(MUST_TELL, view.get(MUST_TELL) + 1)
    if (mayHaveBeen || wasTold) view.set(MAY_TELL, view.get(MAY_TELL) + 1)
    for (const word of [READERS, WRITER, IN_BETWEEN]) off(view, word, bit)
  }
}

function count(view: View, word: number, agent: number): number {
  return (view.get(word) >> (8 * agent)) & 255
}

function setCount(view: View, word: number, agent: number, to: number): void {
  view.set(word, view.get(word) + ((to - count(view, word, agent)) << (8 * agent)))
}

/**
 * Counts the agents that go in past a reader that has said that it waits, or past a writer that only waits
 * for readers to leave: each of the others may do so at most once, as it was on its way.
 */
function overtakes(view: View, agent: number, writes: boolean): string | undefined {
  if (count(view, TAKING, agent) > 0) return undefined // calls of one agent are let in together
  const seenDead = view.get(SEEN_DEAD)
  let most = writes ? MOST_WRITERS : view.agents - 1
  for (let other = 0; other < view.agents; other++) if ((seenDead & (1 << other)) !== 0) most++
  for (let other = 0; other < view.agents; other++) {
    if (other === agent || view.isDead(other)) continue
    if (!(writes ? waitsToRead(view, other) : waitsForReaders(view, other))) continue
    const overtaken = count(view, OVERTAKEN, other) + 1
    setCount(view, OVERTAKEN, other, overtaken)
    if (overtaken > most) return `T${agent} is the ${overtaken}. to go in past T${other}`
  }
  return undefined
}

function waitsToRead(view: View, agent: number): boolean {
  for (let slot = FIRST_SLOT; slot < FIRST_SLOT + MOST_AGENTS; slot++) {
    const word = view.shared.load(slot)
    if (word < 0 && agentOf(view, word) === agent) return true
  }
  return false
}

/**
 * Whether the agent is a writer that waits for readers to leave, and not one that only checks for readers.
 */
function waitsForReaders(view: View, agent: number): boolean {
  return agentOf(view, view.shared.load(AT)) === agent && view.isAsleep(agent)
}

function agentOf(view: View, word: number): number | undefined {
  const id = word & 0x3fffffff
  return id === 0 ? undefined : view.shared.describe(id)?.threadId
}

function told(view: View, agent: number, isTold: boolean): string | undefined {
  if (!isTold) {
    // Another call of the same agent may be told already, and not run yet.
    if (count(view, TAKING, agent) > 0) return undefined
    return view.get(MUST_TELL) > 0 ? `T${agent} is not told that a writer died inside` : undefined
  }
  if (view.get(MAY_TELL) === 0) return `T${agent} is told that a writer died inside; none did`
  view.set(MUST_TELL, 0)
  view.set(MAY_TELL, view.get(MAY_TELL) - 1)
  return undefined
}

export const rwlock: Subject = {
  name: 'rwlock',
  words: FIRST_SLOT + MOST_AGENTS,
  monitor,
  segments: [read, write, tryRead, tryWrite, readFor, writeFor, readTwice],
  loops: [
    loopSegment('readAsync', holdAsync('reader')),
    loopSegment('writeAsync', holdAsync('writer')),
    loopSegment('both', holdAsync('reader'), holdAsync('writer')),
    loopSegment('readAbort', holdAsync('reader', { aborted: true }), holdAsync('reader')),
    loopSegment('writeAbort', holdAsync('writer', { aborted: true }), holdAsync('writer')),
    loopSegment('writeAsyncFor', holdAsync('writer', { timed: true }), holdAsync('reader')),
    loopSegment('readAsyncFor', holdAsync('reader', { timed: true }), holdAsync('writer')),
    loopSegment('readBetween', holdAsync('reader'), holdInBetween('reader', 'try')),
    loopSegment('writeBetween', holdAsync('writer'), holdInBetween('writer', 'try')),
    loopSegment('readWrite', holdAsync('reader'), holdInBetween('writer', 'block')),
    loopSegment('readWriteFor', holdAsync('reader'), holdInBetween('writer', 'for')),
  ],
}
