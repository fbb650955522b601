import { SEQ } from './table/layout.ts'
import { hashOf } from './table/names.ts'
import type { Table, Wish } from './table/table.ts'

export type LockMode = 'shared' | 'exclusive'

/** The entries of one request in the table. All is called under the mutex, where nothing else is said. */
export interface Claim {
  /** Its locks; if there is only one, itself. */
  readonly parts: readonly SingleClaim[] | SingleClaim
  /** Whether it is in the table; not before `enter`, or if the lock was not available. */
  readonly isEntered: boolean
  /** @throws IpcError ERR_IPC_FULL; nothing has changed then */
  enter(table: Table): void
  /** False if a lock was stolen. */
  leave(table: Table): boolean
  /** Whether nothing was stolen; may be asked outside. */
  isMine(table: Table): boolean
  /** May be asked outside. */
  isGranted(table: Table): boolean
}

/** One lock. */
export class SingleClaim implements Claim, Wish {
  readonly name: string
  readonly hash: number
  readonly shared: boolean
  readonly ifAvailable: boolean
  readonly steal: boolean
  /** Where it is in the table; 0 if it is not there. */
  entry = 0
  #seq = 0

  constructor(name: string, shared: boolean, ifAvailable: boolean, steal: boolean) {
    this.name = name
    this.hash = hashOf(name)
    this.shared = shared
    this.ifAvailable = ifAvailable
    this.steal = steal
  }

  get mode(): LockMode {
    return this.shared ? 'shared' : 'exclusive'
  }

  get parts(): SingleClaim {
    return this
  }

  get isEntered(): boolean {
    return this.entry !== 0
  }

  enter(table: Table): void {
    this.entry = table.request(this)
    if (this.entry !== 0) this.#seq = table.orderOf(this.entry + SEQ)
  }

  leave(table: Table): boolean {
    return this.entry === 0 || table.leave(this.entry, this.#seq)
  }

  isMine(table: Table): boolean {
    return table.isMine(this.entry, this.#seq)
  }

  isGranted(table: Table): boolean {
    return table.isGranted(this.entry)
  }
}

/**
 * Several locks, entered in one step. Any two such claims stand in the same order in every queue that
 * they share, so they cannot wait for each other in a circle.
 */
export class JointClaim implements Claim {
  readonly parts: readonly SingleClaim[]
  isEntered = false

  constructor(parts: readonly SingleClaim[]) {
    this.parts = parts
  }

  enter(table: Table): void {
    const entered: SingleClaim[] = []
    try {
      for (const claim of this.parts) {
        claim.enter(table)
        entered.push(claim)
      }
    } catch (error) {
      for (const claim of entered) claim.leave(table)
      throw error
    }
    this.isEntered = true
  }

  leave(table: Table): boolean {
    let all = true
    for (const claim of this.parts) all = claim.leave(table) && all
    return all
  }

  isMine(table: Table): boolean {
    return this.parts.every((claim) => claim.isMine(table))
  }

  isGranted(table: Table): boolean {
    return this.parts.every((claim) => claim.isGranted(table))
  }
}
