import { integer, Place, type Layout as FileLayout } from '@ipc/core/author'
import { KIND, Layout, sizesFor } from './layout.ts'

const DEFAULT_REQUESTS = 4096
const MOST_REQUESTS = 65_536

/** The layout of the file of a table with room for this many requests. */
export function fileLayout(given: number): FileLayout {
  const requests = integer('requests', given, 1, MOST_REQUESTS)
  const { words } = new Layout(sizesFor(requests))
  return { kind: KIND, words, options: [requests, 0, 0, 0] }
}

/** Opens a table by its name; made if it is absent. Without `requests` any size is accepted. */
export function openTable(name: string, requests?: number): Place {
  const layout = fileLayout(requests ?? DEFAULT_REQUESTS)
  const layoutOf = ([stored]: readonly number[]): FileLayout => fileLayout(stored!)
  return Place.open(name, layout, requests !== undefined, {}, layoutOf)
}
