import { SharedMemory, type Handle } from '@ipc/core'
import { type Surroundings } from '@ipc/core/author'
import { isPlantedIn, plantedMemory } from '../planted/planted.ts'
import type { ObjectSpec, Program } from '../program/program.ts'
import type { Arena } from '../history/arena.ts'
import { CriticalSection } from './steps/critical-section.ts'
import { kindOf, type AnyHandle, type Shared } from './kinds.ts'

/** The way in which an agent gets an object. */
export type Reference =
  | { readonly handle: AnyHandle }
  | { readonly name: string }
  | { readonly memory: Handle; readonly index: number }

/** The objects of a program, as one agent has them open. */
export class Objects {
  readonly all: readonly Shared[]
  readonly #memories: readonly SharedMemory[]

  constructor(all: readonly Shared[], memories: readonly SharedMemory[]) {
    this.all = all
    this.#memories = memories
  }

  close(): void {
    for (const object of [...this.all, ...this.#memories]) object.close()
  }
}

export function openObjects(
  { objects }: Program,
  references: readonly Reference[],
  planted: string | undefined,
  arena: Arena,
): Objects {
  const memories: SharedMemory[] = []
  const all = objects.map((spec, i) => {
    const reference = references[i]!
    const kind = kindOf(spec, () => new CriticalSection(arena, i).pass())
    if ('handle' in reference) return kind.from(reference.handle)
    if ('name' in reference) return kind.open(reference.name)
    const memory = SharedMemory.from(reference.memory)
    memories.push(memory)
    return kind.at(surroundings(spec, memory, planted), reference.index)
  })
  return new Objects(all, memories)
}

/** Makes the objects of a program, and says how others get them. */
export function createObjects(
  { scope, objects }: Program,
  planted: string | undefined,
  name: (index: number) => string,
): { objects: Objects; references: Reference[] } {
  const memories: SharedMemory[] = []
  const all: Shared[] = []
  const references = objects.map((spec, i): Reference => {
    const kind = kindOf(spec)
    if (spec.placed === 'inside' || isPlantedIn(spec, planted)) {
      const options = { byteLength: (INDEX + kind.words) * 4 }
      const memory = scope === 'thread' ? new SharedMemory(options) : SharedMemory.create(options)
      memories.push(memory)
      all.push(kind.at(surroundings(spec, memory, planted), INDEX))
      return { memory: memory.handle, index: INDEX }
    }
    if (spec.placed === 'named') {
      all.push(kind.open(name(i)))
      return { name: name(i) }
    }
    const object = scope === 'thread' ? kind.inThread() : kind.inProcess()
    all.push(object)
    return { handle: object.handle }
  })
  return { objects: new Objects(all, memories), references }
}

export function unlinkNamed({ objects }: Program, name: (index: number) => string): void {
  objects.forEach((spec, i) => {
    if (spec.placed === 'named') kindOf(spec).unlink(name(i))
  })
}

/** The index of an object inside a larger memory: any index but the beginning. */
const INDEX = 5

function surroundings(
  spec: ObjectSpec,
  memory: SharedMemory,
  planted: string | undefined,
): Surroundings {
  return isPlantedIn(spec, planted) ? plantedMemory(spec, planted, memory.words, INDEX) : memory
}
