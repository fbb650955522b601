import {
  bounded,
  Explorer,
  type Budget,
  type Search as ModelSearch,
  type Strategy,
} from '@ipc/explorer/engine'
import { modelOf, type Program } from './program.ts'
import type { Subject } from './subject.ts'

/** Few preemptions find most bugs, and the simplest schedules of them. */
export const FEW_PREEMPTIONS: readonly Strategy[] = [bounded(0), bounded(1), bounded(2)]

export interface Search extends ModelSearch {
  readonly program: Program
}

/** Searches programs; the code of a subject is executed once for all of its programs. */
export class ProgramExplorer {
  readonly #explorers: Map<Subject, Explorer> = new Map()

  /** Runs strategies one after another, until one finds something. */
  search(program: Program, strategies: readonly Strategy[], budget: Budget): Search {
    const found = this.#explorerOf(program).search(modelOf(program), strategies, budget)
    return { ...found, program }
  }

  /** Searches for the same bug, or another one of the program, with as few preemptions as possible. */
  simplest(found: Search, budget: Budget): Search {
    const { program } = found
    return { ...this.#explorerOf(program).simplest(found, budget), program }
  }

  #explorerOf({ subject }: Program): Explorer {
    let explorer = this.#explorers.get(subject)
    if (explorer === undefined) this.#explorers.set(subject, (explorer = new Explorer()))
    return explorer
  }
}
