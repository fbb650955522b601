import type { Guard } from '@ipc/core'
import { RLock } from '@ipc/lock'
import type { Agent, Monitor } from '@ipc/explorer/engine'
import { ACQUIRED, ACQUIRES, exclusion, GAVE_UP, RELEASED, RELEASES } from './exclusion.ts'
import { threadsOver } from './parts.ts'
import type { Subject } from './subject.ts'

const AT = 0
const DEPTH = RLock.words() - 1

/** The value has the depth that the owner reads, and the one that it should read. */
export const SEES_DEPTH = 6
const SHIFT = 8

export const seesDepth = (is: number, should: number): number => is | (should << SHIFT)

type How = 'block' | 'try' | 'for'

function take(agent: Agent, it: RLock, how: How): Guard | null {
  if (how === 'block') return it.acquire()
  if (how === 'try') return it.tryAcquire()
  return agent.timed(() => it.tryAcquire({ timeoutMs: 10 }))
}

/**
 * Acquires it `times` times, and reads the depth each time; then it gives the holds back, the oldest before
 * the newest.
 */
function nest(agent: Agent, it: RLock, how: How, times: number): void {
  const see = (depth: number): void => agent.did(SEES_DEPTH, seesDepth(it.depth, depth))
  agent.begins(ACQUIRES)
  const first = take(agent, it, how)
  if (first === null) return agent.did(GAVE_UP)
  agent.did(ACQUIRED, Number(first.abandoned))
  const guards = [first]
  see(1)
  while (guards.length < times) {
    guards.push(take(agent, it, how)!)
    see(guards.length)
  }
  while (guards.length > 1) {
    guards.shift()!.release()
    see(guards.length)
  }
  agent.begins(RELEASES)
  guards[0]!.release()
  agent.did(RELEASED)
}

const segment = threadsOver((agent) => agent.named(RLock.at(agent.memory, AT)))

const ofLock = exclusion(['word', 'reservation', 'deaths', 'depth'])

/** The laws are those of a lock; besides, only the owner has a depth, and it is the right one. */
const monitor: Monitor = {
  ...ofLock,
  tell(view, agent, code, value) {
    if (code !== SEES_DEPTH) return ofLock.tell!(view, agent, code, value)
    const [is, should] = [value & ((1 << SHIFT) - 1), value >> SHIFT]
    return is === should ? undefined : `T${agent} has it ${should} times, and reads ${is}`
  },
  show: (index, value) => (index === AT + DEPTH ? String(value) : ofLock.show!(index, value)),
}

export const rlock: Subject = {
  name: 'rlock',
  words: RLock.words(),
  monitor,
  segments: [
    segment('hold', (agent, lock) => nest(agent, lock, 'block', 1)),
    segment('again', (agent, lock) => {
      nest(agent, lock, 'block', 1)
      nest(agent, lock, 'block', 1)
    }),
    segment('nest', (agent, lock) => nest(agent, lock, 'block', 3)),
    segment('tryNest', (agent, lock) => nest(agent, lock, 'try', 2)),
    segment('nestFor', (agent, lock) => nest(agent, lock, 'for', 2)),
  ],
}
