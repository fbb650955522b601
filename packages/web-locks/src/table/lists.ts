/** Doubly linked lists of entries. A list is the index of its first word, which its last one follows. */
import type { Memory } from '@ipc/core/author'
import { NEXT, PREVIOUS } from './layout.ts'

const LAST = 1

export function append(memory: Memory, list: number, entry: number): void {
  const last = memory.get(list + LAST)
  memory.set(entry + PREVIOUS, last)
  memory.set(entry + NEXT, 0)
  memory.set(last === 0 ? list : last + NEXT, entry)
  memory.set(list + LAST, entry)
}

export function remove(memory: Memory, list: number, entry: number): void {
  const next = memory.get(entry + NEXT)
  const previous = memory.get(entry + PREVIOUS)
  memory.set(previous === 0 ? list : previous + NEXT, next)
  memory.set(next === 0 ? list + LAST : next + PREVIOUS, previous)
}

export function clear(memory: Memory, list: number): void {
  memory.set(list, 0)
  memory.set(list + LAST, 0)
}
