import type { AgentId, AgentInfo, Memory, ParkResult, Ticket, Wake, Watch } from '../memory.ts'
import type { SimulatedMemory } from './simulated-memory.ts'

/** A view of the same memory for waits without end, also inside a wait that may time out. */
export class UntimedMemory implements Memory {
  readonly self: AgentId
  readonly #memory: SimulatedMemory

  /** Nobody waits for its calls: see `keepAliveIn`. */
  get isReal(): false {
    return false
  }

  constructor(memory: SimulatedMemory) {
    this.self = memory.self
    this.#memory = memory
  }

  load(index: number): number {
    return this.#memory.load(index)
  }

  store(index: number, value: number): void {
    this.#memory.store(index, value)
  }

  compareExchange(index: number, expected: number, value: number): number {
    return this.#memory.compareExchange(index, expected, value)
  }

  exchange(index: number, value: number): number {
    return this.#memory.exchange(index, value)
  }

  add(index: number, value: number): number {
    return this.#memory.add(index, value)
  }

  sub(index: number, value: number): number {
    return this.#memory.sub(index, value)
  }

  and(index: number, value: number): number {
    return this.#memory.and(index, value)
  }

  or(index: number, value: number): number {
    return this.#memory.or(index, value)
  }

  get(index: number): number {
    return this.#memory.get(index)
  }

  set(index: number, value: number): void {
    this.#memory.set(index, value)
  }

  isDead(agent: AgentId): boolean {
    return this.#memory.isDead(agent)
  }

  arm(): Watch {
    return this.#memory.arm()
  }

  park(index: number, expected: number, deadline: number, watch: Watch): ParkResult {
    return this.#untimed(() => this.#memory.park(index, expected, deadline, watch))
  }

  parkAsync(index: number, expected: number, watch: Watch, wake: Wake): Ticket {
    return this.#memory.parkAsync(index, expected, watch, wake)
  }

  unpark(index: number, count: number): number {
    return this.#memory.unpark(index, count)
  }

  now(): number {
    return this.#untimed(() => this.#memory.now())
  }

  describe(agent: AgentId): AgentInfo {
    return this.#memory.describe(agent)
  }

  /** An execution that is stopped leaves `timed` as it was at that point. */
  #untimed<T>(call: () => T): T {
    const memory = this.#memory
    const { timed } = memory
    memory.timed = false
    const result = call()
    memory.timed = timed
    return result
  }
}
