import type { AgentId, Memory } from '@ipc/core/author'
import {
  CHUNK,
  CHUNK_UNITS,
  CHUNK_WORDS,
  DEAD,
  ENTRY_WORDS,
  GRANT,
  isHeld,
  isShared,
  LENGTH,
  NEXT_CHUNK,
  OWNER,
  ownerOf,
  RESOURCE,
  RESOURCE_WORDS,
  SEQ,
  SEQ_LIMIT,
  TOLD,
  TOMBSTONE,
  UNITS,
  USED_ENTRIES,
  type Layout,
} from './layout.ts'

/** One request, as somebody who reads the table sees it. */
export interface SeenRequest {
  readonly name: string
  readonly mode: 'shared' | 'exclusive'
  readonly held: boolean
  readonly agent: AgentId
  /** Held requests were granted in this order, pending ones asked for in it. */
  readonly order: number
  /** Whether a holder before it died, and it was told. */
  readonly told: boolean
  /** Whether its client died holding the lock exclusively, and nobody has been told yet. */
  readonly tombstone: boolean
}

/** Words of one entry in a copy: OWNER, order, RESOURCE, TOLD, DEAD. */
const COPIED = 6

/**
 * A copy of everything that a view needs, made while the mutex is held, or from words that somebody
 * copied before. It only copies, so that the mutex is not held for long; `requests` decodes.
 */
export class Snapshot {
  readonly #entries: Int32Array
  readonly #names = new Map<number, Uint16Array>()

  constructor(memory: Memory, layout: Layout) {
    const used = Math.min(memory.load(layout.base + USED_ENTRIES), layout.sizes.entries)
    this.#entries = new Int32Array(Math.max(0, used) * COPIED)
    for (let i = 0, at = 0; i < used; i++, at += COPIED) {
      const entry = layout.entries + i * ENTRY_WORDS
      const owner = memory.load(entry + OWNER)
      if (owner === 0) continue
      const order = entry + (isHeld(owner) ? GRANT : SEQ)
      const resource = memory.get(entry + RESOURCE)
      this.#entries[at] = owner
      this.#entries[at + 1] = memory.get(order)
      this.#entries[at + 2] = memory.get(order + 1)
      this.#entries[at + 3] = resource
      this.#entries[at + 4] = memory.get(entry + TOLD)
      this.#entries[at + 5] = memory.get(entry + DEAD)
      if (!this.#names.has(resource)) this.#names.set(resource, copyName(memory, layout, resource))
    }
  }

  /** Held ones in the order of their grants, then pending ones in the order of their requests. */
  requests(): SeenRequest[] {
    const requests: SeenRequest[] = []
    const names = new Map<number, string>()
    for (const [resource, units] of this.#names) names.set(resource, textOf(units))
    for (let at = 0; at < this.#entries.length; at += COPIED) {
      const owner = this.#entries[at]!
      if (owner === 0) continue
      requests.push({
        name: names.get(this.#entries[at + 3]!)!,
        mode: isShared(owner) ? 'shared' : 'exclusive',
        held: isHeld(owner),
        agent: owner === TOMBSTONE ? this.#entries[at + 5]! : ownerOf(owner),
        order: this.#entries[at + 2]! * SEQ_LIMIT + this.#entries[at + 1]!,
        told: this.#entries[at + 4] !== 0,
        tombstone: owner === TOMBSTONE,
      })
    }
    return requests.toSorted((a, b) => Number(b.held) - Number(a.held) || a.order - b.order)
  }
}

/** In a torn copy, the index of a resource or a chunk may be any number: one that is wrong is left out. */
function copyName(memory: Memory, layout: Layout, resource: number): Uint16Array {
  const { resources, entries, chunks, end } = layout
  if (!isOneOf(resource, resources, entries, RESOURCE_WORDS)) return new Uint16Array(0)
  const most = layout.sizes.chunks * CHUNK_UNITS
  const length = Math.min(Math.max(0, memory.get(resource + LENGTH)), most)
  const units = new Uint16Array(length)
  let chunk = memory.get(resource + CHUNK)
  for (let i = 0; i < length && isOneOf(chunk, chunks, end, CHUNK_WORDS);) {
    for (let word = chunk + UNITS; word < chunk + CHUNK_WORDS && i < length; word++) {
      const two = memory.get(word)
      units[i++] = two
      if (i < length) units[i++] = two >>> 16
    }
    chunk = memory.get(chunk + NEXT_CHUNK)
  }
  return units
}

function isOneOf(index: number, first: number, end: number, words: number): boolean {
  return index >= first && index + words <= end && (index - first) % words === 0
}

const PIECE = 4096

/** Works in pieces: the number of arguments of a call is limited. */
function textOf(units: Uint16Array): string {
  let text = ''
  for (let i = 0; i < units.length; i += PIECE) {
    text += String.fromCharCode(...units.subarray(i, i + PIECE))
  }
  return text
}

/** All requests in a table. Without its mutex, they may not be of one moment. */
export function readTable(memory: Memory, layout: Layout): SeenRequest[] {
  return new Snapshot(memory, layout).requests()
}
