/** Collects everything that can be seen of a directory. */
import { observe } from '@ipc/core'
import { findDeadlocks, type Deadlock } from './deadlocks.ts'
import { wordsOf } from './objects.ts'
import { Processes } from './processes.ts'
import type { View, ViewedObject } from './view.ts'

export interface ViewWithDeadlocks extends View {
  readonly deadlocks: readonly Deadlock[]
}

export function look(only?: string): ViewWithDeadlocks {
  const { objects, agents } = observe()
  const viewed = objects
    .map((object) => ({
      ...object,
      says: wordsOf(object),
      waiters: agents.flatMap((agent) =>
        agent.waits.filter(({ id }) => id === object.id).map((wait) => ({ agent, wait })),
      ),
    }))
    .toSorted((a, b) => order(a) - order(b) || compare(a.kind, b.kind) || compare(a.name, b.name))
  const view = { objects: viewed, agents, processes: new Processes() }
  const deadlocks = findDeadlocks(view)
  if (only === undefined) return { ...view, deadlocks }
  return { ...view, objects: viewed.filter(({ name }) => name === only), deadlocks }
}

/** The order of the list: first the objects that people look for. */
function order({ waiters, says }: Pick<ViewedObject, 'waiters' | 'says'>): number {
  if (waiters.length > 0) return 0
  return says.holders.length > 0 || says.dead.length > 0 ? 1 : 2
}

function compare(a: string | null, b: string | null): number {
  return (a ?? '~') < (b ?? '~') ? -1 : (a ?? '~') > (b ?? '~') ? 1 : 0
}
