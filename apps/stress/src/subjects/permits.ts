/** The things that agents do with semaphores, and tell about them. */
import type { Guard } from '@ipc/core'
import type { Surroundings } from '@ipc/core/author'
import { BoundedSemaphore, Semaphore } from '@ipc/semaphore'
import { ABORTED, type Agent, type Loop, type Segment } from '@ipc/explorer/engine'
import { loopsOver, threadsOver } from './parts.ts'

/** The kind of semaphore that is explored. */
export interface Kind {
  readonly value: number
  readonly undo: boolean
  readonly bounded: boolean
}

export const AT = 0

export function openAt(memory: Surroundings, { value, undo, bounded }: Kind): Semaphore {
  return (bounded ? BoundedSemaphore : Semaphore).at(memory, AT, { value, undo })
}

const open =
  (kind: Kind) =>
  (agent: Agent): Semaphore =>
    agent.named(openAt(agent.memory, kind))

type Make<Body> = (name: string, body: Body) => Segment

export const segmentsOf = (kind: Kind): Make<(agent: Agent, semaphore: Semaphore) => void> =>
  threadsOver(open(kind))

export const loopsOf = (
  kind: Kind,
): ((name: string, ...tasks: readonly SemaphoreTask[]) => Segment) => loopsOver(open(kind))

export const ACQUIRES = 1
export const ACQUIRED = 2
export const GAVE_UP = 3
export const RELEASES = 4
export const RELEASED = 5
/** A release that would have made too many. */
export const REFUSED = 6

export function hold(agent: Agent, semaphore: Semaphore, how: 'block' | 'try' | 'for'): void {
  if (take(agent, semaphore, how)) release(agent, semaphore, 1)
}

/* ---- event loops ------------------------------------------------------------------------------- */

type SemaphoreTask = (semaphore: Semaphore, loop: Loop) => Promise<void>

async function acquire(
  agent: Agent,
  call: () => Promise<Guard | null> | Guard | null,
): Promise<Guard | null> {
  agent.begins(ACQUIRES)
  try {
    const guard = await call()
    agent.did(guard === null ? GAVE_UP : ACQUIRED, Number(guard?.abandoned ?? false))
    return guard
  } catch (error) {
    if (error !== ABORTED) throw error
    agent.did(GAVE_UP)
    return null
  }
}

function releaseGuard(agent: Agent, guard: Guard | null): void {
  if (guard !== null) tell(agent, 1, () => guard.release())
}

export const takeAsync: SemaphoreTask = async (semaphore, { agent }) => {
  await acquire(agent, () => semaphore.acquireAsync())
}

export const takeAsyncFor: SemaphoreTask = async (semaphore, { agent }) => {
  await acquire(agent, () => semaphore.tryAcquireAsync({ timeoutMs: 10 }))
}

export const takeUnlessAborted: SemaphoreTask = async (semaphore, loop) => {
  await acquire(loop.agent, () => semaphore.acquireAsync({ signal: loop.signal() }))
}

export const holdAsync: SemaphoreTask = async (semaphore, { agent }) => {
  releaseGuard(agent, await acquire(agent, () => semaphore.acquireAsync()))
}

export const holdAsyncFor: SemaphoreTask = async (semaphore, { agent }) => {
  releaseGuard(agent, await acquire(agent, () => semaphore.tryAcquireAsync({ timeoutMs: 10 })))
}

export const holdUnlessAborted: SemaphoreTask = async (semaphore, loop) => {
  const signal = loop.signal()
  releaseGuard(loop.agent, await acquire(loop.agent, () => semaphore.acquireAsync({ signal })))
}

/** Makes more calls at once than a thread serves before it lets others have a permit. */
export const holdManyAsync: SemaphoreTask = async (semaphore, loop) => {
  await Promise.all(Array.from({ length: 18 }, () => holdAsync(semaphore, loop)))
}

/** Takes a permit past those that wait, if one is free. */
export const tryInBetween: SemaphoreTask = async (semaphore, { agent }) => {
  take(agent, semaphore, 'try')
}

export const tryHoldInBetween: SemaphoreTask = async (semaphore, { agent }) => {
  hold(agent, semaphore, 'try')
}

export const give: SemaphoreTask = async (semaphore, { agent }) => {
  release(agent, semaphore, 1)
}

/* ---- threads ----------------------------------------------------------------------------------- */

export function take(agent: Agent, semaphore: Semaphore, how: 'block' | 'try' | 'for'): boolean {
  agent.begins(ACQUIRES)
  const guard =
    how === 'block'
      ? semaphore.acquire()
      : how === 'try'
        ? semaphore.tryAcquire()
        : agent.timed(() => semaphore.tryAcquire({ timeoutMs: 10 }))
  agent.did(guard === null ? GAVE_UP : ACQUIRED, Number(guard?.abandoned ?? false))
  return guard !== null
}

export function release(agent: Agent, semaphore: Semaphore, count: number): void {
  tell(agent, count, () => semaphore.release(count))
}

function tell(agent: Agent, count: number, call: () => void): void {
  agent.begins(RELEASES, count)
  try {
    call()
    agent.did(RELEASED, count)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    agent.did(REFUSED, count)
  }
}
