import type { Memory, ParkResult, Ticket, Wake, Watch } from '@ipc/core/author'
import { WrappedMemory } from '../planted/wrapped-memory.ts'

/** A memory that consists of another memory's words from a certain one on. */
export class OffsetMemory extends WrappedMemory {
  readonly #base: number

  constructor(inner: Memory, base: number) {
    super(inner)
    this.#base = base
  }

  override load(index: number): number {
    return super.load(this.#base + index)
  }

  override store(index: number, value: number): void {
    super.store(this.#base + index, value)
  }

  override get(index: number): number {
    return super.get(this.#base + index)
  }

  override set(index: number, value: number): void {
    super.set(this.#base + index, value)
  }

  override compareExchange(index: number, expected: number, value: number): number {
    return super.compareExchange(this.#base + index, expected, value)
  }

  override exchange(index: number, value: number): number {
    return super.exchange(this.#base + index, value)
  }

  override add(index: number, value: number): number {
    return super.add(this.#base + index, value)
  }

  override sub(index: number, value: number): number {
    return super.sub(this.#base + index, value)
  }

  override and(index: number, value: number): number {
    return super.and(this.#base + index, value)
  }

  override or(index: number, value: number): number {
    return super.or(this.#base + index, value)
  }

  override park(index: number, expected: number, deadline: number, watch: Watch): ParkResult {
    return super.park(this.#base + index, expected, deadline, watch)
  }

  override parkAsync(index: number, expected: number, watch: Watch, wake: Wake): Ticket {
    return super.parkAsync(this.#base + index, expected, watch, wake)
  }

  override unpark(index: number, count: number): number {
    return super.unpark(this.#base + index, count)
  }
}
