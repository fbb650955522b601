import {
  IpcError,
  type AgentInfo,
  type Guard,
  type Handle,
  type Inspection,
  type OpenOptions,
  type UnlinkOptions,
} from '@ipc/core'
import {
  Acquirable,
  AsyncQueue,
  checkOptions,
  flag,
  integer,
  localState,
  Place,
  unlinkName,
  type Layout,
  type Surroundings,
  type Waiting,
} from '@ipc/core/author'
import { CountedPermits } from './counted-permits.ts'
import { MAX_OWNED_PERMITS, OwnedPermits } from './owned-permits.ts'
import { MAX_VALUE, type Permits, type Taker } from './permits.ts'

export interface SemaphoreOptions {
  /** How many permits there are at first: 0 to 2147483647 (with `undo` 1 to 1,000). Default: 1. */
  readonly value?: number | undefined
  /** Permits belong to the thread that took them, and come back when it or its process dies. */
  readonly undo?: boolean | undefined
}

export interface SemaphoreInspection extends Inspection {
  readonly value: number
  readonly undo: boolean
  /**
   * With `undo`, the owners of the permits that are taken, one for each permit; the permits of dead
   * owners count as free. Without `undo` it is null: nobody owns a permit.
   */
  readonly owners: readonly AgentInfo[] | null
  /** Whether somebody sleeps on it; may be true a little longer than somebody does. */
  readonly waiting: boolean
}

/** @internal The properties that tell the kinds of semaphores apart. */
export interface SemaphoreKind {
  readonly name: string
  /** The default of the option `undo`. */
  readonly undo: boolean
  /** Whether there may never be more permits than at first. */
  readonly bounded: boolean
}

/**
 * A number of permits: `acquire` takes one and waits while there is none, `release` gives some.
 *
 * Without `undo` anyone may release, as producers do, and the permits that a dead process took are
 * gone. With `undo` every permit comes back, whatever happens to its owner; only the owner releases.
 *
 * ```js
 * const jobs = Semaphore.open('jobs', { value: 0 })
 * jobs.release() // a producer; elsewhere: await jobs.acquireAsync()
 * ```
 */
export class Semaphore extends Acquirable<Guard> {
  /** @internal */
  static readonly kind: SemaphoreKind = { name: 'semaphore', undo: false, bounded: false }

  protected readonly queue: AsyncQueue<Guard>
  readonly #permits: Permits
  readonly #undo: boolean
  readonly #blocking: Taker = { semaphore: this, async: false }
  readonly #async: Taker = { semaphore: this, async: true }

  /** Thread scope; shared by its `handle`. */
  constructor(value: number | Place = 1, options?: Pick<SemaphoreOptions, 'undo'>) {
    const { kind } = new.target
    const place =
      value instanceof Place ? value : Place.ofItsOwn(layoutOf(kind, withValue(value, options)))
    super(place)
    const { memory, index, description } = place
    const [initial, undo] = place.options as [number, number]
    const terms = { initial, limit: kind.bounded ? initial : MAX_VALUE, description }
    this.queue = localState(memory, index, 'calls for permits', () => new AsyncQueue<Guard>(memory))
    this.#undo = undo === 1
    this.#permits = this.#undo
      ? new OwnedPermits(memory, index, terms, this.queue)
      : new CountedPermits(memory, index, terms, this.queue)
  }

  /** Process scope, without a name: passed on by its handle, gone when its last user ends. */
  static create(options?: SemaphoreOptions): Semaphore {
    return new this(Place.create(layoutOf(this.kind, options)))
  }

  /**
   * Process scope, by name; made if it is absent. Without `value` and `undo`, `open` accepts the
   * semaphore that is there.
   * @throws IpcError ERR_IPC_OPTIONS_MISMATCH when it is in use with other options
   */
  static open(name: string, options?: SemaphoreOptions & OpenOptions): Semaphore {
    const layout = layoutOf(this.kind, options)
    const given = options?.value !== undefined || options?.undo !== undefined
    return new this(Place.open(name, layout, given, options, layoutOfStored(this.kind)))
  }

  /**
   * Inside a memory of yours, at `index` (in words). All-zero words are a semaphore at its initial
   * value, so all who use it must give the same options.
   */
  static at(memory: Surroundings, index: number, options?: SemaphoreOptions): Semaphore {
    return new this(Place.at(memory, index, layoutOf(this.kind, options)))
  }

  /** How many words `at` needs. */
  static words(options?: SemaphoreOptions): number {
    return layoutOf(this.kind, options).words
  }

  static from(handle: Handle): Semaphore {
    return new this(Place.from(this.kind.name, handle, layoutOfStored(this.kind)))
  }

  /**
   * Removes the name; returns whether there was one. Refused while another process has it open,
   * unless forced.
   */
  static unlink(name: string, options?: UnlinkOptions): boolean {
    return unlinkName(this.kind.name, name, options, {
      layoutOf: layoutOfStored(this.kind),
      poison: (place) => new this(place).#permits.poison(),
    })
  }

  /** How many permits are free now. */
  get value(): number {
    this.checkOpen()
    return this.#permits.value
  }

  /**
   * Gives `count` permits in one atomic step. With `undo` it gives them one after another, and only
   * those that blocking forms of this thread took (a permit of an async form is released by its guard).
   * If it throws, nothing was released.
   * @throws TypeError, RangeError for a count that is no integer from 1 on, or too large
   * @throws IpcError ERR_IPC_NOT_OWNER with `undo`, when this thread holds fewer
   */
  release(count = 1): void {
    this.checkOpen()
    this.#permits.release(integer('count', count, 1, MAX_VALUE))
  }

  inspect(): SemaphoreInspection {
    const { value } = this
    const { waiting } = this.#permits
    const owners = this.#permits.owners?.flatMap((agent) => this.describeAgent(agent) ?? []) ?? null
    return { ...this.inspection, value, undo: this.#undo, owners, waiting }
  }

  protected take(async: boolean): Guard | undefined {
    this.checkOpen()
    return this.#permits.take(async ? this.#async : this.#blocking)
  }

  protected takeOnce(async: boolean): Guard | undefined {
    return this.#permits.takeOnce(async ? this.#async : this.#blocking)
  }

  protected waiting(async: boolean): Waiting<Guard> {
    const by = async ? this.#async : this.#blocking
    return {
      owner: this,
      attempt: (sleep) => this.#permits.attempt(by, sleep),
      leave: () => this.#permits.leave(),
      what: this.description,
      owners: () => (this.#permits.owners ?? []).map((agent) => this.describeAgent(agent)),
    }
  }

  protected finish(): void {
    if (this.#permits.isHeldBy(this)) {
      throw new IpcError('ERR_IPC_IN_USE', `close ${this.description}: this thread holds permits`)
    }
    this.queue.fail(this.closedError(), this)
  }
}

function withValue(
  value: number,
  options: Pick<SemaphoreOptions, 'undo'> | undefined,
): SemaphoreOptions {
  checkOptions('semaphore options', options)
  return { ...options, value }
}

function layoutOf(kind: SemaphoreKind, options: SemaphoreOptions | undefined): Layout {
  checkOptions('semaphore options', options)
  const undo = flag('undo', options?.undo, kind.undo)
  const [min, max] = undo ? [1, MAX_OWNED_PERMITS] : [0, MAX_VALUE]
  const value = integer('value', options?.value === undefined ? 1 : options.value, min, max)
  const stored = [value, undo ? 1 : 0, 0, 0]
  if (!undo) return { kind: kind.name, words: CountedPermits.WORDS, options: stored }
  const owners = OwnedPermits.owners(value)
  return { kind: kind.name, words: OwnedPermits.words(value), options: stored, owners }
}

function layoutOfStored(kind: SemaphoreKind): (options: readonly number[]) => Layout {
  return ([value, undo]) => layoutOf(kind, { value, undo: undo === 1 })
}
