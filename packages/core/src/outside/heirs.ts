/**
 * Heirs: processes that inherit what this one holds, should it be killed.
 *
 * If a program that runs another one under a lock dies, its lock ends with it while the other one runs on.
 * With heirs it does not: what a thread holds stays its own until every process that inherited the
 * descriptors of a `Bequest` has ended, or has closed them. How: heirs.c of @ipc/native.
 *
 * ```js
 * mayHaveHeirs() // first of all
 * const lock = Lock.open('nightly')
 * const guard = lock.acquire()
 * const bequest = bequeath(lock) // whatever is started from here on is an heir
 * spawn('backup', { stdio: 'inherit' })
 * bequest.close() // for this process; the child has its own copies
 * ```
 */
import { platform } from '#platform'
import { requireNative, usesDirectories } from '../agents/domain.ts'
import { IpcError } from '../errors.ts'
import type { Primitive } from '../objects/primitive.ts'

/** Descriptors that every process inherits which is started before they are closed. */
export class Bequest implements Disposable {
  #descriptors: readonly number[]

  constructor(descriptors: readonly number[]) {
    this.#descriptors = descriptors
  }

  /** Idempotent. */
  close(): void {
    for (const descriptor of this.#descriptors) platform.closeDescriptor(descriptor)
    this.#descriptors = []
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Makes this thread one that may have heirs, before it uses anything in process scope.
 * @throws IpcError ERR_IPC_IN_USE when it has, ERR_IPC_UNSUPPORTED
 */
export function mayHaveHeirs(): void {
  const native = requireNative()
  if (usesDirectories()) {
    throw new IpcError('ERR_IPC_IN_USE', 'have heirs: this thread uses named objects already')
  }
  native.mayBequeath()
}

/**
 * Passes on what this thread holds of the object, and everything else that it holds in its directory.
 * The file of this object stays in use; of others only as long as somebody else has them open, so
 * bequeath each whose name must last (`prune` and `unlink` remove names that nobody uses).
 * @throws IpcError ERR_IPC_UNSUPPORTED for one in thread scope
 */
export function bequeath(primitive: Primitive): Bequest {
  return new Bequest(fileOf(primitive).bequeath())
}

/** Whether a process other than this one has the descriptors of a closed `Bequest`. */
export function hasHeirs(primitive: Primitive): boolean {
  const { native, index, agents } = fileOf(primitive).domain
  return native.hasHeirs(index, agents.self)
}

/** Says, for those who look, which process runs under what this thread holds. */
export function noteCommand(primitive: Primitive, pid: number): void {
  fileOf(primitive).domain.agents.notes.command = pid
}

function fileOf({ place }: Primitive): NonNullable<Primitive['place']['file']> {
  if (place.file !== null) return place.file
  throw new IpcError('ERR_IPC_UNSUPPORTED', `pass on ${place.description}: it is in thread scope`)
}
