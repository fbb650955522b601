import { append } from './lists.ts'
import {
  FREE_ENTRIES,
  GRANT,
  HELD_LIST,
  isHeld,
  NEXT,
  OWNER,
  REPAIRS,
  RESOURCE,
  SEQ,
  WAIT_LIST,
} from './layout.ts'
import type { Table } from './table.ts'

/**
 * Called after a death inside the mutex: makes everything that is derived anew, from the words that are
 * true. An agent may die here as well: the next one finds the mutex abandoned again and begins from the
 * same truth. The steps that the dead agent had not done yet (to grant, to tell, to ring) are done for
 * all, and every client is told to examine its requests.
 */
export function repair(table: Table): void {
  const { memory, layout, clients } = table
  memory.store(layout.base + REPAIRS, memory.load(layout.base + REPAIRS) + 1)
  const used = enlist(table)
  table.sweep()
  for (const resource of used) {
    if (isUnused(table, resource)) continue // the sweep has freed it
    table.forgetTold(resource)
    table.grantNext(resource)
  }
  for (const client of clients.all()) clients.tellAll(client)
}

/** Puts every entry into the list that its OWNER says. Returns the resources that have entries. */
function enlist(table: Table): Set<number> {
  const { memory, layout, names } = table
  const live: { readonly entry: number; readonly list: number; readonly order: number }[] = []
  const used = new Set<number>()
  memory.set(layout.base + FREE_ENTRIES, 0)
  for (const entry of table.entries()) {
    const owner = memory.load(entry + OWNER)
    if (owner === 0) {
      memory.set(entry + NEXT, memory.get(layout.base + FREE_ENTRIES))
      memory.set(layout.base + FREE_ENTRIES, entry)
      continue
    }
    const resource = memory.get(entry + RESOURCE)
    used.add(resource)
    const [list, number] = isHeld(owner) ? [HELD_LIST, GRANT] : [WAIT_LIST, SEQ]
    live.push({ entry, list: resource + list, order: table.orderOf(entry + number) })
  }
  names.rebuild(used)
  live.sort((a, b) => a.order - b.order)
  for (const { entry, list } of live) append(memory, list, entry)
  return used
}

function isUnused({ memory }: Table, resource: number): boolean {
  return memory.get(resource + HELD_LIST) === 0 && memory.get(resource + WAIT_LIST) === 0
}
