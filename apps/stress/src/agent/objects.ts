import { SharedMemory, type Handle, type Surroundings } from '@ipc/core'
import { Lock } from '@ipc/lock'
import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
import { Event } from '@ipc/sync'
import { isPlantedIn, plantedMemory } from '../planted/planted.ts'
import type { ObjectSpec, Program, SemaphoreSpec } from '../program/program.ts'

export type Shared = Lock | Semaphore | Event

/** How an agent comes by an object. */
export type Reference =
  | { readonly handle: Handle }
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
): Objects {
  const memories: SharedMemory[] = []
  const all = objects.map((spec, i) => {
    const reference = references[i]!
    if ('handle' in reference) return fromHandle(spec, reference.handle)
    if ('name' in reference) return openByName(spec, reference.name)
    const memory = SharedMemory.from(reference.memory)
    memories.push(memory)
    return at(spec, surroundings(spec, memory, planted), reference.index)
  })
  return new Objects(all, memories)
}

/** Makes the objects of a program, and says how others come by them. */
export function createObjects(
  { scope, objects }: Program,
  planted: string | undefined,
  name: (index: number) => string,
): { objects: Objects; references: Reference[] } {
  const memories: SharedMemory[] = []
  const all: Shared[] = []
  const references = objects.map((spec, i): Reference => {
    if (spec.placed === 'inside' || isPlantedIn(spec, planted)) {
      const options = { byteLength: (INDEX + wordsOf(spec)) * 4 }
      const memory = scope === 'thread' ? new SharedMemory(options) : SharedMemory.create(options)
      memories.push(memory)
      all.push(at(spec, surroundings(spec, memory, planted), INDEX))
      return { memory: memory.handle, index: INDEX }
    }
    const object =
      spec.placed === 'named'
        ? openByName(spec, name(i))
        : scope === 'thread'
          ? inThread(spec)
          : inProcess(spec)
    all.push(object)
    return spec.placed === 'named' ? { name: name(i) } : { handle: object.handle }
  })
  return { objects: new Objects(all, memories), references }
}

export function unlinkNamed({ objects }: Program, name: (index: number) => string): void {
  objects.forEach((spec, i) => {
    if (spec.placed === 'named') classOf(spec).unlink(name(i), { force: true })
  })
}

/** Where in its memory an object inside one is: anywhere but at the beginning. */
const INDEX = 5

function surroundings(
  spec: ObjectSpec,
  memory: SharedMemory,
  planted: string | undefined,
): Surroundings {
  return isPlantedIn(spec, planted) ? plantedMemory(spec, planted, memory.words) : memory
}

function semaphoreClass(spec: SemaphoreSpec): typeof Semaphore {
  return spec.bounded ? BoundedSemaphore : Semaphore
}

function classOf(spec: ObjectSpec): typeof Lock | typeof Semaphore | typeof Event {
  if (spec.kind === 'lock') return Lock
  return spec.kind === 'event' ? Event : semaphoreClass(spec)
}

function wordsOf(spec: ObjectSpec): number {
  return spec.kind === 'semaphore' ? semaphoreClass(spec).words(spec) : classOf(spec).words()
}

function inThread(spec: ObjectSpec): Shared {
  if (spec.kind !== 'semaphore') return spec.kind === 'lock' ? new Lock() : new Event()
  return new (semaphoreClass(spec))(spec.value, { undo: spec.undo })
}

function inProcess(spec: ObjectSpec): Shared {
  return spec.kind === 'semaphore'
    ? semaphoreClass(spec).create({ value: spec.value, undo: spec.undo })
    : (classOf(spec) as typeof Lock | typeof Event).create()
}

function openByName(spec: ObjectSpec, name: string): Shared {
  if (spec.kind !== 'semaphore') return classOf(spec).open(name)
  return semaphoreClass(spec).open(name, { value: spec.value, undo: spec.undo })
}

function fromHandle(spec: ObjectSpec, handle: Handle): Shared {
  return classOf(spec).from(handle)
}

function at(spec: ObjectSpec, memory: Surroundings, index: number): Shared {
  if (spec.kind !== 'semaphore') {
    return (classOf(spec) as typeof Lock | typeof Event).at(memory, index)
  }
  return semaphoreClass(spec).at(memory, index, { value: spec.value, undo: spec.undo })
}
