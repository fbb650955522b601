/** Reads from the words of an object, by its kind, who holds it, and whom a waiter needs. */
import type { AgentInfo, SeenAgent, SeenObject } from '@ipc/core'
import { Lock, RLock, RWLock } from '@ipc/lock'
import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
import { Barrier, Event } from '@ipc/sync'
import { weblocks } from './web-locks.ts'
import type { Needs, Words } from './words.ts'

const NOTHING: Needs = { agents: [], all: true }

/** Reads an object even if its options are garbage: it must not hide the others. */
export function wordsOf(object: SeenObject): Words {
  try {
    return (READERS[object.kind] ?? unknown)(object)
  } catch (error) {
    if (error instanceof RangeError) return free('damaged')
    throw error
  }
}

const READERS: Readonly<Record<string, (object: SeenObject) => Words>> = {
  lock: (object) => owned(Lock.at(object.memory, 0).inspect().owner),
  rlock: (object) => owned(RLock.at(object.memory, 0).inspect().owner),
  rwlock,
  semaphore: (object) => permits(object, Semaphore),
  bounded: (object) => permits(object, BoundedSemaphore),
  event: ({ memory }) => free(Event.at(memory, 0).isSet ? 'set' : 'not set'),
  barrier,
  weblocks,
  memory: ({ options }) => free(`${options[0]} bytes`),
}

function unknown(): Words {
  return free('')
}

function free(state: string): Words {
  return { state, holders: [], dead: [], needs: () => NOTHING }
}

function split(agents: readonly (AgentInfo | null)[]): Pick<Words, 'holders' | 'dead'> {
  const seen = agents.filter((agent) => agent !== null) as SeenAgent[] // `observe` made them
  return {
    holders: seen.filter(({ alive }) => alive),
    dead: seen.filter(({ alive }) => !alive),
  }
}

function owned(owner: AgentInfo | null): Words {
  const { holders, dead } = split([owner])
  const state = holders.length > 0 ? 'held' : dead.length > 0 ? 'abandoned' : 'free'
  return { state, holders, dead, needs: () => ({ agents: holders, all: true }) }
}

function rwlock({ memory }: SeenObject): Words {
  const { writer, readers } = RWLock.at(memory, 0).inspect()
  const writing = split([writer])
  const reading = split(readers)
  const isWriting = writing.holders.length > 0
  // A writer that waits for the last readers has its place as the writer already.
  const draining = isWriting && reading.holders.length > 0
  const state = draining
    ? 'read, writer next'
    : isWriting
      ? 'written'
      : reading.holders.length > 0
        ? 'read'
        : writing.dead.length > 0
          ? 'abandoned'
          : 'free'
  return {
    state,
    holders: draining ? reading.holders : [...writing.holders, ...reading.holders],
    dead: writing.dead,
    needs: (waiter) => {
      const isDraining = writing.holders.includes(waiter)
      return { agents: isWriting && !isDraining ? writing.holders : reading.holders, all: true }
    },
  }
}

function permits({ memory, options }: SeenObject, of: typeof Semaphore): Words {
  const [value = 0, undo] = options
  const { value: left, owners } = of.at(memory, 0, { value, undo: undo === 1 }).inspect()
  const state = owners === null ? `${left} free` : `${left} of ${value} free`
  const { holders, dead } = split(owners ?? [])
  return { state, holders, dead, needs: () => ({ agents: holders, all: false }) }
}

function barrier({ memory, options }: SeenObject): Words {
  const parties = options[0] ?? 1
  const { waiting, broken } = Barrier.at(memory, 0, { parties }).inspect()
  return free(broken ? 'broken' : `${waiting} of ${parties} here`)
}
