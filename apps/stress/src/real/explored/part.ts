import type { Memory } from '@ipc/core/author'
import { kindOf, type Shared } from '../agent/kinds.ts'
import { Supply } from '../agent/supply.ts'
import { type Agent, type Monitor, UntimedMemory } from '@ipc/explorer/engine'
import { barrierOf } from '../../subjects/barrier.ts'
import { condition, conditionOfRLock } from '../../subjects/condition.ts'
import { counted } from '../../subjects/counted.ts'
import { event } from '../../subjects/event.ts'
import { lock } from '../../subjects/lock.ts'
import { owned } from '../../subjects/owned.ts'
import { rlock } from '../../subjects/rlock.ts'
import { rwlock } from '../../subjects/rwlock.ts'
import { plantedMemory } from '../planted/planted.ts'
import type { ObjectSpec } from '../program/program.ts'
import { OffsetMemory } from './offset-memory.ts'

/** One object of a real program, in the explorer. */
export interface Part {
  readonly spec: ObjectSpec
  /** The object's name, such as `lock0`. */
  readonly name: string
  readonly words: number
  /** `base` is where its words begin among all words; `ghosts` is where its monitor's words begin. */
  readonly base: number
  readonly ghosts: number
  readonly monitor: Monitor
  /** Whether the monitor takes the tracks of an agent for several agents. */
  readonly seesTracks: boolean
}

const SEES_AGENTS: ReadonlySet<ObjectSpec['kind']> = new Set(['rwlock', 'barrier', 'condition'])

/** The objects of a program, side by side in one memory. */
export function partsOf(objects: readonly ObjectSpec[]): Part[] {
  const parts: Part[] = []
  let base = 0
  let ghosts = 0
  for (const [i, spec] of objects.entries()) {
    const { monitor, words } = subjectOf(spec)
    const name = `${spec.kind}${i}`
    const seesTracks = !SEES_AGENTS.has(spec.kind)
    parts.push({ spec, name, words, base, ghosts, monitor, seesTracks })
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
    case 'condition':
      return spec.over === 'lock' ? condition : conditionOfRLock
    case 'event':
    default:
      return event
  }
}

/**
 * Opens the object for an agent, through the planted bug. A condition acquires its lock again without a time
 * limit.
 */
export function openPart(
  { spec, name, base }: Part,
  agent: Agent,
  planted: string | undefined,
): Shared {
  const through = (memory: Memory): Memory =>
    plantedMemory(spec, planted, new OffsetMemory(memory, base), 0)
  const whole = through(agent.memory)
  if (spec.kind !== 'condition') return agent.named(kindOf(spec).at(whole, 0), `${name}.`)
  const memories = { lock: through(new UntimedMemory(agent.memory)), changed: whole }
  const supply = Supply.at(spec, memories, 0)
  return new Supply(
    agent.named(supply.lock, `${name}.lock.`),
    agent.named(supply.changed, `${name}.`),
  )
}
