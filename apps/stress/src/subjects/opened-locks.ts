import { Lock } from '@ipc/lock'
import type { Agent, Monitor, View } from '@ipc/explorer/engine'
import { agentOf, DATA, NAMES, ROBUST } from './native/layout.ts'
import { NativeMemory } from './native/native-memory.ts'
import { ACQUIRED, ACQUIRES, exclusion, RELEASED, RELEASES } from './exclusion.ts'
import { everybodyHasItOpen, FIRST_GENERATION } from './openers.ts'
import { threadsOver } from './parts.ts'
import { showNative } from './show-native.ts'
import type { Subject } from './subject.ts'

/** A code that an agent tells has this added if it is about the second lock. */
const SECOND = 16

const open = (agent: Agent): readonly [Lock, Lock] => {
  const memory = new NativeMemory(agent.memory, agentOf(agent.number + 1, FIRST_GENERATION))
  return [
    agent.named(Lock.at(memory, 0), 'first.'),
    agent.named(Lock.at(memory, Lock.words()), 'second.'),
  ]
}
const segment = threadsOver(open)

function acquire(agent: Agent, lock: Lock, which: number): void {
  agent.begins(which + ACQUIRES)
  agent.did(which + ACQUIRED, Number(lock.acquire().abandoned))
}

function release(agent: Agent, lock: Lock, which: number): void {
  agent.begins(which + RELEASES)
  lock.release()
  agent.did(which + RELEASED)
}

const WORD_NAMES = ['first', 'second'].flatMap((name) => [
  name,
  `${name}.reservation`,
  `${name}.deaths`,
])

/**
 * Two shipped Locks in one file. An agent that finds a dead opener while it waits for one of them has nothing
 * to do with the other lock, and those that wait for the other one must hear of the death all the same.
 */
export const openedLocks: Subject = {
  name: 'openers:locks',
  words: DATA + 2 * Lock.words(),
  robust: ROBUST,
  initial: everybodyHasItOpen,
  monitor: monitorOf([...NAMES, ...WORD_NAMES]),
  segments: [
    segment('first', (agent, [first]) => {
      acquire(agent, first, 0)
      release(agent, first, 0)
    }),
    segment('second', (agent, [, second]) => {
      acquire(agent, second, SECOND)
      release(agent, second, SECOND)
    }),
    segment('both', (agent, [first, second]) => {
      acquire(agent, first, 0)
      acquire(agent, second, SECOND)
      release(agent, second, SECOND)
      release(agent, first, 0)
    }),
  ],
}

/** Each lock has its own words; after them stand the agents that wait for the second one. */
function monitorOf(wordNames: readonly string[]): Monitor {
  const one = exclusion(wordNames)
  const waitsForSecond = 2 * one.words
  return {
    words: waitsForSecond + 1,
    tell(view, agent, code, value) {
      const isSecond = code >= SECOND
      const waiting = view.get(waitsForSecond)
      const me = 1 << agent
      view.set(waitsForSecond, isSecond ? waiting | me : waiting & ~me)
      return one.tell!(partOf(view, isSecond ? one.words : 0), agent, code % SECOND, value)
    },
    maySleep(view, agent) {
      const isSecond = (view.get(waitsForSecond) & (1 << agent)) !== 0
      return one.maySleep!(partOf(view, isSecond ? one.words : 0), agent)
    },
    wordNames,
    show: showNative,
  }
}

/** Makes a view that differs only in where the monitor's words begin. */
function partOf(view: View, first: number): View {
  return {
    agents: view.agents,
    shared: view.shared,
    get: (word) => view.get(first + word),
    set: (word, value) => view.set(first + word, value),
    isDead: (agent) => view.isDead(agent),
    isFinished: (agent) => view.isFinished(agent),
    isAsleep: (agent) => view.isAsleep(agent),
  }
}
