import type { Memory } from '@ipc/core/author'
import {
  CHUNK,
  CHUNK_UNITS,
  CHUNK_WORDS,
  FREE_CHUNKS,
  FREE_RESOURCES,
  HASH,
  HELD_LIST,
  LENGTH,
  NEXT_CHUNK,
  NEXT_RESOURCE,
  RESOURCE_WORDS,
  UNITS,
  USED_CHUNKS,
  USED_RESOURCES,
  WAIT_LIST,
  type Layout,
} from './layout.ts'
import { clear } from './lists.ts'

/** FNV-1a over the UTF-16 units. Names with the same hash are told apart by their units. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Two units of a name, as a word of a chunk has them. */
function unitsAt(name: string, i: number): number {
  const second = i + 1 < name.length ? name.charCodeAt(i + 1) : 0
  return name.charCodeAt(i) | (second << 16)
}

const chunksFor = (length: number): number => Math.ceil(length / CHUNK_UNITS)

/** The resources: names that are in use, found by their hash. Everything here is under the mutex. */
export class Names {
  readonly #memory: Memory
  readonly #layout: Layout
  readonly #base: number
  readonly #buckets: number
  readonly #mask: number

  constructor(memory: Memory, layout: Layout) {
    this.#memory = memory
    this.#layout = layout
    this.#base = layout.base
    this.#buckets = layout.buckets
    this.#mask = layout.sizes.buckets - 1
  }

  /** Returns the resource of a name; 0 if nobody uses the name. */
  find(name: string, hash: number): number {
    const memory = this.#memory
    let resource = memory.get(this.#bucketOf(hash))
    while (resource !== 0) {
      if (memory.get(resource + HASH) === hash && this.#isNamed(resource, name)) return resource
      resource = memory.get(resource + NEXT_RESOURCE)
    }
    return 0
  }

  #bucketOf(hash: number): number {
    return this.#buckets + (hash & this.#mask)
  }

  #isNamed(resource: number, name: string): boolean {
    const memory = this.#memory
    if (memory.get(resource + LENGTH) !== name.length) return false
    let chunk = memory.get(resource + CHUNK)
    let word = 0
    for (let i = 0; i < name.length; i += 2, word++) {
      if (word === CHUNK_UNITS / 2) {
        chunk = memory.get(chunk + NEXT_CHUNK)
        word = 0
      }
      if (memory.get(chunk + UNITS + word) !== unitsAt(name, i)) return false
    }
    return true
  }

  /** Whether a name of this length would find enough chunks. */
  hasRoom(length: number): boolean {
    let needed = chunksFor(length)
    needed -= this.#layout.sizes.chunks - this.#memory.get(this.#base + USED_CHUNKS)
    let chunk = this.#memory.get(this.#base + FREE_CHUNKS)
    for (; needed > 0 && chunk !== 0; needed--) chunk = this.#memory.get(chunk + NEXT_CHUNK)
    return needed <= 0
  }

  /** Makes the resource of a name that nobody uses; there is room for it. */
  make(name: string, hash: number): number {
    const memory = this.#memory
    const resource = this.#take(
      FREE_RESOURCES,
      NEXT_RESOURCE,
      USED_RESOURCES,
      this.#layout.resources,
      RESOURCE_WORDS,
    )
    this.#write(resource, name)
    memory.set(resource + LENGTH, name.length)
    memory.set(resource + HASH, hash)
    clear(memory, resource + HELD_LIST)
    clear(memory, resource + WAIT_LIST)
    this.#enlist(resource, hash)
    return resource
  }

  #write(resource: number, name: string): void {
    const memory = this.#memory
    let link = resource + CHUNK
    for (let from = 0; from < name.length; from += CHUNK_UNITS) {
      const chunk = this.#take(
        FREE_CHUNKS,
        NEXT_CHUNK,
        USED_CHUNKS,
        this.#layout.chunks,
        CHUNK_WORDS,
      )
      const to = Math.min(from + CHUNK_UNITS, name.length)
      for (let i = from, word = chunk + UNITS; i < to; i += 2, word++) {
        memory.set(word, unitsAt(name, i))
      }
      memory.set(link, chunk)
      link = chunk + NEXT_CHUNK
    }
    memory.set(link, 0)
  }

  /** Takes a slot off its free list, or a new one. USED is raised first: `repair` reads up to it. */
  #take(free: number, next: number, used: number, first: number, words: number): number {
    const memory = this.#memory
    const there = memory.get(this.#base + free)
    if (there !== 0) {
      memory.set(this.#base + free, memory.get(there + next))
      return there
    }
    const count = memory.get(this.#base + used)
    memory.set(this.#base + used, count + 1)
    return first + count * words
  }

  #enlist(resource: number, hash: number): void {
    const bucket = this.#bucketOf(hash)
    this.#memory.set(resource + NEXT_RESOURCE, this.#memory.get(bucket))
    this.#memory.set(bucket, resource)
  }

  /** Frees a resource that has no entries. */
  drop(resource: number): void {
    const memory = this.#memory
    let link = this.#bucketOf(memory.get(resource + HASH))
    while (memory.get(link) !== resource) link = memory.get(link) + NEXT_RESOURCE
    memory.set(link, memory.get(resource + NEXT_RESOURCE))
    for (let chunk = memory.get(resource + CHUNK); chunk !== 0;) {
      const next = memory.get(chunk + NEXT_CHUNK)
      this.#free(FREE_CHUNKS, NEXT_CHUNK, chunk)
      chunk = next
    }
    this.#free(FREE_RESOURCES, NEXT_RESOURCE, resource)
  }

  #free(list: number, next: number, slot: number): void {
    this.#memory.set(slot + next, this.#memory.get(this.#base + list))
    this.#memory.set(this.#base + list, slot)
  }

  /** Makes buckets and free lists anew; `used` are the resources that entries name. */
  rebuild(used: ReadonlySet<number>): void {
    const memory = this.#memory
    const { sizes, resources, chunks } = this.#layout
    for (let i = 0; i < sizes.buckets; i++) memory.set(this.#buckets + i, 0)
    memory.set(this.#base + FREE_RESOURCES, 0)
    memory.set(this.#base + FREE_CHUNKS, 0)
    const usedChunks = new Set<number>()
    for (const resource of used) {
      for (const chunk of this.chunksOf(resource)) usedChunks.add(chunk)
      clear(memory, resource + HELD_LIST)
      clear(memory, resource + WAIT_LIST)
      this.#enlist(resource, memory.get(resource + HASH))
    }
    const resourcesEnd = resources + memory.get(this.#base + USED_RESOURCES) * RESOURCE_WORDS
    for (let resource = resources; resource < resourcesEnd; resource += RESOURCE_WORDS) {
      if (!used.has(resource)) this.#free(FREE_RESOURCES, NEXT_RESOURCE, resource)
    }
    const chunksEnd = chunks + memory.get(this.#base + USED_CHUNKS) * CHUNK_WORDS
    for (let chunk = chunks; chunk < chunksEnd; chunk += CHUNK_WORDS) {
      if (!usedChunks.has(chunk)) this.#free(FREE_CHUNKS, NEXT_CHUNK, chunk)
    }
  }

  /** Counts by LENGTH, so that it ends in a torn copy too. */
  *chunksOf(resource: number): Generator<number> {
    let chunk = this.#memory.get(resource + CHUNK)
    for (let left = chunksFor(this.#memory.get(resource + LENGTH)); left > 0; left--) {
      yield chunk
      chunk = this.#memory.get(chunk + NEXT_CHUNK)
    }
  }
}
