import type { Memory } from '@ipc/core'
import { kindOf, type Shared } from '../agent/kinds.ts'
import type { Monitor } from '../explore/model.ts'
import { barrierOf } from '../explore/subjects/barrier.ts'
import { counted } from '../explore/subjects/counted.ts'
import { event } from '../explore/subjects/event.ts'
import { lock } from '../explore/subjects/lock.ts'
import { owned } from '../explore/subjects/owned.ts'
import { rlock } from '../explore/subjects/rlock.ts'
import { rwlock } from '../explore/subjects/rwlock.ts'
import type { ObjectSpec } from '../program/program.ts'

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
  /** Whether the monitor takes the tracks of an agent for several agents. */
  readonly seesTracks: boolean
  readonly at: (memory: Memory) => Shared
}

/** The objects of a program, side by side in one memory. */
export function partsOf(objects: readonly ObjectSpec[]): Part[] {
  const parts: Part[] = []
  let base = 0
  let ghosts = 0
  for (const [i, spec] of objects.entries()) {
    const { monitor, words } = subjectOf(spec)
    const name = `${spec.kind}${i}`
    const at = (memory: Memory): Shared => kindOf(spec).at(memory, 0)
    const seesTracks = spec.kind !== 'rwlock' && spec.kind !== 'barrier'
    parts.push({ spec, name, words, base, ghosts, monitor, seesTracks, at })
    base += words
    ghosts += monitor.words
  }
  return parts
}

function subjectOf(spec: ObjectSpec): { readonly monitor: Monitor; readonly words: number } {
  switch (spec.kind) {
    case 'lock':
      return lock
    case 'rlock':
      return rlock
    case 'rwlock':
      return rwlock
    case 'semaphore':
      return spec.undo ? owned(spec.value) : counted(spec.value)
    case 'barrier':
      return barrierOf(spec.parties)
    case 'event':
    default:
      return event
  }
}
