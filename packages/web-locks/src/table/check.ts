import {
  CHUNK_WORDS,
  ENTRY_WORDS,
  FREE_CHUNKS,
  FREE_ENTRIES,
  FREE_RESOURCES,
  HELD_LIST,
  isHeld,
  isShared,
  NEXT,
  NEXT_CHUNK,
  NEXT_RESOURCE,
  OWNER,
  PREVIOUS,
  RESOURCE,
  RESOURCE_WORDS,
  TOMBSTONE,
  USED_CHUNKS,
  USED_ENTRIES,
  USED_RESOURCES,
  WAIT_LIST,
} from './layout.ts'
import type { Table } from './table.ts'

/**
 * Checks the rules that hold whenever nobody is inside the mutex; returns those that are broken. Every
 * slot is in exactly one place, nobody holds beside an exclusive holder, and the first that waits cannot
 * be granted.
 */
export function check(table: Table): string[] {
  const checker = new Checker(table)
  checker.run()
  return checker.wrong
}

class Checker {
  readonly wrong: string[] = []
  readonly #table: Table
  readonly #listed = new Set<number>()

  constructor(table: Table) {
    this.#table = table
  }

  run(): void {
    const { layout, names } = this.#table
    const { buckets, sizes } = layout
    const reachable = new Set<number>()
    const usedChunks = new Set<number>()
    for (let i = 0; i < sizes.buckets; i++) {
      for (const resource of this.#chain(this.#get(buckets + i), NEXT_RESOURCE, 'a bucket')) {
        reachable.add(resource)
      }
    }
    for (const resource of reachable) {
      this.#checkList(resource, HELD_LIST, true)
      this.#checkList(resource, WAIT_LIST, false)
      this.#checkHolders(resource)
      for (const chunk of names.chunksOf(resource)) usedChunks.add(chunk)
    }
    const { resources, entries, chunks } = layout
    this.#checkFree('resource', resources, RESOURCE_WORDS, [
      [USED_RESOURCES, FREE_RESOURCES, NEXT_RESOURCE],
      reachable,
    ])
    this.#checkFree('entry', entries, ENTRY_WORDS, [
      [USED_ENTRIES, FREE_ENTRIES, NEXT],
      this.#listed,
    ])
    this.#checkFree('chunk', chunks, CHUNK_WORDS, [
      [USED_CHUNKS, FREE_CHUNKS, NEXT_CHUNK],
      usedChunks,
    ])
  }

  #get(index: number): number {
    return this.#table.memory.load(index)
  }

  #expect(isSo: boolean, what: string): void {
    if (!isSo) this.wrong.push(what)
  }

  #chain(first: number, next: number, what: string): Set<number> {
    const seen = new Set<number>()
    for (let at = first; at !== 0; at = this.#get(at + next)) {
      if (seen.has(at)) {
        this.wrong.push(`${what} goes round in a circle`)
        break
      }
      seen.add(at)
    }
    return seen
  }

  #checkList(resource: number, list: number, held: boolean): void {
    const where = held ? 'a HELD list' : 'a WAIT list'
    let last = 0
    for (const entry of this.#chain(this.#get(resource + list), NEXT, where)) {
      const owner = this.#get(entry + OWNER)
      this.#expect(!this.#listed.has(entry), 'an entry is in two lists')
      this.#listed.add(entry)
      this.#expect(owner !== 0, `a free entry is in ${where}`)
      this.#expect(isHeld(owner) === held, `an entry is in ${where} that should not be`)
      this.#expect(
        this.#get(entry + RESOURCE) === resource,
        'an entry is in the list of another name',
      )
      this.#expect(this.#get(entry + PREVIOUS) === last, 'PREVIOUS is not the one before')
      last = entry
    }
    this.#expect(this.#get(resource + list + 1) === last, `the end of ${where} is not its last`)
  }

  #checkHolders(resource: number): void {
    const holders = [...this.#chain(this.#get(resource + HELD_LIST), NEXT, 'a HELD list')]
    const owners = holders.map((entry) => this.#get(entry + OWNER))
    this.#expect(
      owners.length < 2 || owners.every(isShared),
      'somebody holds beside an exclusive one',
    )
    const first = this.#get(resource + WAIT_LIST)
    this.#expect(first !== 0 || owners.length > 0, 'a name is kept that nobody uses')
    if (first === 0) return
    const isShareable = isShared(this.#get(first + OWNER)) && owners.every(isShared)
    const isFree = owners.every((owner) => owner === TOMBSTONE)
    this.#expect(!isFree && !isShareable, 'the first that waits could be granted')
  }

  #checkFree(
    what: string,
    first: number,
    words: number,
    [[used, free, next], inUse]: readonly [readonly [number, number, number], ReadonlySet<number>],
  ): void {
    const { base } = this.#table.layout
    const unused = this.#chain(this.#get(base + free), next, `the free list of each ${what}`)
    const end = first + this.#get(base + used) * words
    for (let slot = first; slot < end; slot += words) {
      this.#expect(inUse.has(slot) || unused.has(slot), `a slot for one ${what} is lost`)
      this.#expect(!inUse.has(slot) || !unused.has(slot), `a ${what} in use is free, too`)
    }
  }
}
