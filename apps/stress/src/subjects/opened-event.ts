import { Event } from '@ipc/sync'
import type { Agent } from '@ipc/explorer/engine'
import { agentOf, DATA, NAMES, ROBUST } from './native/layout.ts'
import { NativeMemory } from './native/native-memory.ts'
import { everybodyHasItOpen, FIRST_GENERATION } from './openers.ts'
import { threadsOver } from './parts.ts'
import { showNative } from './show-native.ts'
import type { Subject } from './subject.ts'

const segment = threadsOver((agent: Agent) => {
  const self = agentOf(agent.number + 1, FIRST_GENERATION)
  return agent.named(Event.at(new NativeMemory(agent.memory, self), 0))
})

/**
 * The shipped Event, asleep as in process scope. An agent that is woken by the death of one that was about to
 * wake all has nothing more to do with the event, and must wake the others all the same.
 */
export const openedEvent: Subject = {
  name: 'openers:event',
  words: DATA + Event.words(),
  robust: ROBUST,
  initial: everybodyHasItOpen,
  monitor: {
    words: 0,
    maySleep: (view) => !Event.at(view.shared, DATA).isSet,
    wordNames: [...NAMES, 'event'],
    show: (index, value) => (index < DATA ? showNative(index, value) : String(value)),
  },
  segments: [
    segment('wait', (_, event) => void event.wait()),
    segment('set', (_, event) => event.set()),
  ],
}
