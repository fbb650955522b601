import { Semaphore } from '@ipc/semaphore'
import type { Agent, View } from '@ipc/explorer/engine'
import { agentOf, DATA, NAMES, ROBUST } from './native/layout.ts'
import { NativeMemory } from './native/native-memory.ts'
import { everybodyHasItOpen, FIRST_GENERATION } from './openers.ts'
import { threadsOver } from './parts.ts'
import { ACQUIRED, hold, openAt, release, RELEASES, take, type Kind } from './permits.ts'
import { showNative } from './show-native.ts'
import type { Subject } from './subject.ts'

const BOTH: Kind = { value: 2, undo: true, bounded: false }

const segment = threadsOver((agent: Agent) => {
  const self = agentOf(agent.number + 1, FIRST_GENERATION)
  return agent.named(openAt(new NativeMemory(agent.memory, self), BOTH))
})

function free(view: View): number {
  let held = 0
  for (let agent = 0; agent < view.agents; agent++) if (!view.isDead(agent)) held += view.get(agent)
  return BOTH.value - held
}

/**
 * The shipped Semaphore with undo, asleep as in process scope. One death frees more permits than the one
 * sleeper needs that the kernel wakes.
 */
export const openedPermits: Subject = {
  name: 'openers:undo',
  words: DATA + Semaphore.words(BOTH),
  robust: ROBUST,
  initial: everybodyHasItOpen,
  monitor: {
    words: 4,
    tell(view, agent, code, value) {
      if (code === ACQUIRED) view.set(agent, view.get(agent) + 1)
      if (code === RELEASES) view.set(agent, view.get(agent) - value)
      return free(view) < 0 ? `more than ${BOTH.value} permits are held` : undefined
    },
    maySleep: (view) => free(view) === 0,
    wordNames: [...NAMES, 'bell', 'permit0', 'permit1'],
    show: (index, value) => (index < DATA ? showNative(index, value) : String(value)),
  },
  segments: [
    segment('hold', (agent, semaphore) => hold(agent, semaphore, 'block')),
    segment('keep', (agent, semaphore) => void take(agent, semaphore, 'block')),
    segment('holdBoth', (agent, semaphore) => {
      take(agent, semaphore, 'block')
      take(agent, semaphore, 'block')
      release(agent, semaphore, 2)
    }),
  ],
}
