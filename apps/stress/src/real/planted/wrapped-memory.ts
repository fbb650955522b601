import type { AgentInfo } from '@ipc/core'
import type { AgentId, Memory, ParkResult, Ticket, Wake, Watch } from '@ipc/core/author'

/** A memory that does what another one does. Planted bugs override an operation of it. */
export class WrappedMemory implements Memory {
  readonly self: AgentId
  protected readonly inner: Memory
  /** The index of the object's first word. */
  protected readonly place: number

  constructor(inner: Memory, place = 0) {
    this.inner = inner
    this.place = place
    this.self = inner.self
  }

  get isReal(): boolean {
    return this.inner.isReal !== false
  }

  load(index: number): number {
    return this.inner.load(index)
  }

  store(index: number, value: number): void {
    this.inner.store(index, value)
  }

  compareExchange(index: number, expected: number, value: number): number {
    return this.inner.compareExchange(index, expected, value)
  }

  exchange(index: number, value: number): number {
    return this.inner.exchange(index, value)
  }

  add(index: number, value: number): number {
    return this.inner.add(index, value)
  }

  sub(index: number, value: number): number {
    return this.inner.sub(index, value)
  }

  and(index: number, value: number): number {
    return this.inner.and(index, value)
  }

  or(index: number, value: number): number {
    return this.inner.or(index, value)
  }

  get(index: number): number {
    return this.inner.get(index)
  }

  set(index: number, value: number): void {
    this.inner.set(index, value)
  }

  isDead(agent: AgentId): boolean {
    return this.inner.isDead(agent)
  }

  arm(): Watch {
    return this.inner.arm()
  }

  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult {
    return this.inner.park(index, expected, deadline, watch)
  }

  parkAsync(index: number, expected: number, watch: Watch, wake: Wake): Ticket {
    return this.inner.parkAsync(index, expected, watch, wake)
  }

  unpark(index: number, count: number): number {
    return this.inner.unpark(index, count)
  }

  passOnDeaths(): void {
    this.inner.passOnDeaths?.()
  }

  now(): number {
    return this.inner.now()
  }

  describe(agent: AgentId): AgentInfo | null {
    return this.inner.describe?.(agent) ?? null
  }
}
