import { Lock } from '@ipc/lock'
import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
import { Event } from '@ipc/sync'
import type { Memory } from '@ipc/core'
import type { Monitor } from '../explore/model.ts'
import { event } from '../explore/subjects/event.ts'
import { lock } from '../explore/subjects/lock.ts'
import { counted } from '../explore/subjects/counted.ts'
import { owned } from '../explore/subjects/owned.ts'
import type { ObjectSpec } from '../program/program.ts'

export type Primitive = Lock | Semaphore | Event

/** One object of a real program, in the explorer. */
export interface Part {
  readonly spec: ObjectSpec
  /** `lock0`. */
  readonly name: string
  readonly words: number
  /** Where its words and its monitor's words begin among all. */
  readonly base: number
  readonly ghosts: number
  readonly monitor: Monitor
  readonly at: (memory: Memory) => Primitive
}

/** The objects of a program, side by side in one memory. */
export function partsOf(objects: readonly ObjectSpec[]): Part[] {
  const parts: Part[] = []
  let base = 0
  let ghosts = 0
  for (const [i, spec] of objects.entries()) {
    const { monitor, words } = subjectOf(spec)
    const name = `${spec.kind}${i}`
    parts.push({ spec, name, words, base, ghosts, monitor, at: (memory) => open(spec, memory) })
    base += words
    ghosts += monitor.words
  }
  return parts
}

function subjectOf(spec: ObjectSpec): { readonly monitor: Monitor; readonly words: number } {
  if (spec.kind === 'lock') return lock
  if (spec.kind === 'event') return event
  return spec.undo ? owned(spec.value) : counted(spec.value)
}

function open(spec: ObjectSpec, memory: Memory): Primitive {
  if (spec.kind === 'lock') return Lock.at(memory, 0)
  if (spec.kind === 'event') return Event.at(memory, 0)
  const { value, undo, bounded } = spec
  return (bounded ? BoundedSemaphore : Semaphore).at(memory, 0, { value, undo })
}
