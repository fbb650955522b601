/**
 * What a command runs under. The exclusive and the shared form of one name exclude each other with
 * two objects of that name: a Lock, through which everybody passes, and an RWLock, made by the first
 * who shares. Who is exclusive holds the Lock, and the writer side of the RWLock if there is one;
 * who shares holds the reader side, which it takes while it has the Lock, and then lets that go.
 *
 *   T1 takes the Lock, finds no RWLock, runs | T2 makes the RWLock, takes its reader side, runs
 *
 * cannot happen, because T2 makes it under the Lock; and as others wait at the Lock for one who
 * waits for the readers, they do not starve it.
 */
import type { Guard } from '@ipc/core'
import type { Primitive } from '@ipc/core/author'
import { Lock, RWLock } from '@ipc/lock'
import { Failure } from './failure.ts'

export interface Tenure {
  /** What the command inherits. */
  readonly objects: readonly Primitive[]
  /** The last owner was killed. */
  readonly abandoned: boolean
  /** Once what was abandoned is repaired, and the command has been told. */
  begin(): void
  release(): void
}

/** Of `performance.now()`, computed once. */
export function deadlineOf(timeoutMs: number | undefined): number {
  return timeoutMs === undefined ? Infinity : performance.now() + timeoutMs
}

/** The clock costs 3 ms when it is first looked at. */
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
  // Until `begin` nobody else gets in: alone, if somebody exclusive was killed.
  return { ...tenureOf([whole], [passing, reading]), begin: () => passing.release() }
}

/** What was abandoned stays so, as ipc ends: nobody has been told. */
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
