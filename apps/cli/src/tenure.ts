/**
 * The objects that are held while a command runs. The exclusive and the shared form of one name exclude
 * each other with two objects of that name: a Lock, through which everybody passes, and an RWLock, which
 * the first ipc that shares makes. An exclusive ipc holds the Lock, and the writer side of the RWLock if
 * there is one. An ipc that shares acquires the reader side while it has the Lock, and then releases the
 * Lock.
 *
 *   T1 takes the Lock, finds no RWLock, runs | T2 makes the RWLock, takes its reader side, runs
 *
 * cannot happen, because T2 makes the RWLock under the Lock. A writer that waits for the readers holds
 * the Lock meanwhile, so new readers wait for the Lock and do not starve the writer.
 */
import type { Guard } from '@ipc/core'
import type { Primitive } from '@ipc/core/author'
import { Lock, RWLock } from '@ipc/lock'
import { Failure } from './failure.ts'

export interface Tenure {
  /** The objects that the command inherits. */
  readonly objects: readonly Primitive[]
  /** The last owner was killed. */
  readonly abandoned: boolean
  /** Must be called when what was abandoned is repaired and the command has been told. */
  begin(): void
  release(): void
}

/** The deadline on the clock of `performance.now()`, computed once. */
export function deadlineOf(timeoutMs: number | undefined): number {
  return timeoutMs === undefined ? Infinity : performance.now() + timeoutMs
}

/** Reads the clock only if there is a deadline: the first read costs 3 ms. */
function left(deadline: number): { readonly timeoutMs: number } {
  return { timeoutMs: deadline === Infinity ? Infinity : deadline - performance.now() }
}

export function holdExclusive(name: string, deadline: number): Tenure | null {
  const lock = Lock.open(name)
  const guard = lock.tryAcquire(left(deadline))
  if (guard === null) return null
  const whole = openIfThere(name)
  if (whole === null) return tenureOf([lock], [guard])
  const writing = whole.writer.tryAcquire(left(deadline))
  if (writing !== null) return tenureOf([lock, whole], [guard, writing])
  giveUp(guard)
  return null
}

export function holdShared(name: string, deadline: number): Tenure | null {
  const lock = Lock.open(name)
  const passing = lock.tryAcquire(left(deadline))
  if (passing === null) return null
  const whole = RWLock.open(name)
  const reading = whole.reader.tryAcquire(left(deadline))
  if (reading === null) {
    giveUp(passing)
    return null
  }
  // The Lock is held until `begin`: nobody else gets in while the work of a killed owner is repaired.
  return { ...tenureOf([whole], [passing, reading]), begin: () => passing.release() }
}

/** Releases nothing that was abandoned: it stays abandoned as ipc ends, because nobody has been told. */
function giveUp(guard: Guard): void {
  if (!guard.abandoned) guard.release()
}

export async function holdOneOf(
  name: string,
  max: number,
  deadline: number,
): Promise<Tenure | null> {
  const { BoundedSemaphore } = await import('@ipc/semaphore')
  const semaphore = openWith(() => BoundedSemaphore.open(name, { value: max }), name, max)
  const guard = semaphore.tryAcquire(left(deadline))
  return guard === null ? null : tenureOf([semaphore], [guard])
}

function openWith<T>(open: () => T, name: string, max: number): T {
  try {
    return open()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_IPC_OPTIONS_MISMATCH') throw error
    throw new Failure(`${name}: it is in use with another --max than ${max}`)
  }
}

function tenureOf(objects: readonly Primitive[], guards: readonly Guard[]): Tenure {
  return {
    objects,
    abandoned: guards.some((guard) => guard.abandoned),
    begin: () => {},
    release: () => {
      for (const guard of guards.toReversed()) guard.release()
    },
  }
}

function openIfThere(name: string): RWLock | null {
  try {
    return RWLock.open(name, { create: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
