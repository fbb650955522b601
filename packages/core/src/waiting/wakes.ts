import type { Native } from '@ipc/native'
import type { ParkResult, Wake } from '../memory/memory.ts'
import { onceInRealm } from '../realm.ts'

/** Normally there is one addon. */
const byAddon = onceInRealm('wakes', () => new WeakMap<Native, Wakes>())

/** Callers of asynchronous sleeps in process scope, of one realm. */
export class Wakes {
  readonly #native: Native
  readonly #realm: number
  readonly #tickets = new Map<number, Wake>()
  /** The addon holds it weakly, unless there are tickets. */
  readonly #hear = (ids: number[]): void => this.#wakeAll(ids)

  constructor(native: Native) {
    this.#native = native
    this.#realm = native.onWake(this.#hear)
  }

  static of(native: Native): Wakes {
    let wakes = byAddon.get(native)
    if (wakes === undefined) byAddon.set(native, (wakes = new Wakes(native)))
    return wakes
  }

  /** `ask` gets a ticket for this realm from the addon. */
  add(ask: (realm: number) => number, wake: Wake): number {
    const id = ask(this.#realm)
    if (this.#tickets.size === 0) this.#native.holdRealm(this.#realm, true)
    this.#tickets.set(id, wake)
    return id
  }

  /** False if it was woken or cancelled before. */
  cancel(id: number): boolean {
    if (this.#take(id) === undefined) return false
    this.#native.cancelTicket(id)
    return true
  }

  #take(id: number): Wake | undefined {
    const wake = this.#tickets.get(id)
    if (wake === undefined) return undefined
    this.#tickets.delete(id)
    if (this.#tickets.size === 0) this.#native.holdRealm(this.#realm, false)
    return wake
  }

  /** A callback that throws must not cost the others their wakes. */
  #wakeAll(ids: number[]): void {
    const errors: unknown[] = []
    for (const rung of ids) {
      const result: ParkResult = rung < 0 ? 'changed' : 'woken'
      try {
        this.#take(Math.abs(rung))?.(result)
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
