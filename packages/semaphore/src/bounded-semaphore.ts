import type { Handle, OpenOptions } from '@ipc/core'
import type { Surroundings } from '@ipc/core/author'
import { Semaphore, type SemaphoreKind, type SemaphoreOptions } from './semaphore.ts'

/**
 * A semaphore that never has more permits than at first: releasing above that throws RangeError,
 * checked atomically. At most N jobs on a machine means this one, so `undo` is true by default:
 * a job that dies gives its permit back.
 */
export class BoundedSemaphore extends Semaphore {
  /** @internal */
  static override readonly kind: SemaphoreKind = { name: 'bounded', undo: true, bounded: true }

  static override create(options?: SemaphoreOptions): BoundedSemaphore {
    return super.create(options)
  }

  static override open(name: string, options?: SemaphoreOptions & OpenOptions): BoundedSemaphore {
    return super.open(name, options)
  }

  static override at(
    memory: Surroundings,
    index: number,
    options?: SemaphoreOptions,
  ): BoundedSemaphore {
    return super.at(memory, index, options)
  }

  static override from(handle: Handle): BoundedSemaphore {
    return super.from(handle)
  }
}
