/** How objects of each kind are made, opened and removed. */
import type { Handle } from '@ipc/core'
import type { Surroundings } from '@ipc/core/author'
import { Lock, RLock, RWLock } from '@ipc/lock'
import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
import { Barrier, Event } from '@ipc/sync'
import { Supply, type SupplyHandle } from './supply.ts'
import type { BarrierSpec, ConditionSpec, ObjectSpec, SemaphoreSpec } from '../program/program.ts'

export type Shared = Lock | RLock | RWLock | Semaphore | Event | Barrier | Supply

/** The handle by which another agent opens it. */
export type AnyHandle = Handle | SupplyHandle

export interface Kind {
  /** The number of words that `at` needs. */
  readonly words: number
  inThread(): Shared
  inProcess(): Shared
  open(name: string): Shared
  from(handle: AnyHandle): Shared
  at(memory: Surroundings, index: number): Shared
  unlink(name: string): void
}

/** `action` is called by a barrier when all have come. */
export function kindOf(spec: ObjectSpec, action?: () => void): Kind {
  switch (spec.kind) {
    case 'lock':
      return plain(Lock)
    case 'rlock':
      return plain(RLock)
    case 'rwlock':
      return plain(RWLock)
    case 'semaphore':
      return semaphore(spec)
    case 'barrier':
      return barrier(spec, action)
    case 'condition':
      return supply(spec)
    case 'event':
    default:
      return plain(Event)
  }
}

const FORCE = { force: true } as const

interface Plain {
  new (): Shared
  create(): Shared
  open(name: string): Shared
  from(handle: Handle): Shared
  at(memory: Surroundings, index: number): Shared
  words(): number
  unlink(name: string, options: { readonly force: boolean }): boolean
}

function plain(Class: Plain): Kind {
  return {
    words: Class.words(),
    inThread: () => new Class(),
    inProcess: () => Class.create(),
    open: (name) => Class.open(name),
    from: (handle) => Class.from(handle as Handle),
    at: (memory, index) => Class.at(memory, index),
    unlink: (name) => void Class.unlink(name, FORCE),
  }
}

function semaphore({ value, undo, bounded }: SemaphoreSpec): Kind {
  const Class = bounded ? BoundedSemaphore : Semaphore
  const options = { value, undo }
  return {
    words: Class.words(options),
    inThread: () => new Class(value, { undo }),
    inProcess: () => Class.create(options),
    open: (name) => Class.open(name, options),
    from: (handle) => Class.from(handle as Handle),
    at: (memory, index) => Class.at(memory, index, options),
    unlink: (name) => void Class.unlink(name, FORCE),
  }
}

function barrier({ parties }: BarrierSpec, action: (() => void) | undefined): Kind {
  const options = { parties, action }
  return {
    words: Barrier.words(options),
    inThread: () => new Barrier(parties, { action }),
    inProcess: () => Barrier.create(options),
    open: (name) => Barrier.open(name, options),
    from: (handle) => Barrier.from(handle as Handle, { action }),
    at: (memory, index) => Barrier.at(memory, index, options),
    unlink: (name) => void Barrier.unlink(name, FORCE),
  }
}

function supply(spec: ConditionSpec): Kind {
  return {
    words: Supply.words(spec),
    inThread: () => Supply.inThread(spec),
    inProcess: () => Supply.inProcess(spec),
    open: (name) => Supply.open(spec, name),
    from: (handle) => Supply.from(spec, handle as SupplyHandle),
    at: (memory, index) => Supply.at(spec, { lock: memory, changed: memory }, index),
    unlink: (name) => Supply.unlink(spec, name),
  }
}
