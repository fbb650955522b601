import type { Guard } from '@ipc/core'
import type { Lock } from '@ipc/lock'
import type { Semaphore } from '@ipc/semaphore'
import type { Event } from '@ipc/sync'
import type { Agent } from '../explore/agent.ts'
import { ABORTED, type Loop } from '../explore/event-loop.ts'
import * as event from '../explore/subjects/event.ts'
import * as lock from '../explore/subjects/exclusion.ts'
import * as semaphore from '../explore/subjects/permits.ts'
import { isAsync, type Form, type Operation } from '../program/program.ts'
import { codeOf } from './monitor.ts'
import type { Part, Primitive } from './part.ts'

/** What begins a wait, and what ends it, of each kind. */
export const WAIT_CODES: ReadonlySet<string> = new Set([
  `lock ${lock.ACQUIRES}`,
  `semaphore ${semaphore.ACQUIRES}`,
  `event ${event.WAITS}`,
])
export const END_CODES: ReadonlySet<string> = new Set([
  `lock ${lock.ACQUIRED}`,
  `lock ${lock.GAVE_UP}`,
  `semaphore ${semaphore.ACQUIRED}`,
  `semaphore ${semaphore.GAVE_UP}`,
  `event ${event.WAITED}`,
])

/** Any: when it is over is up to the schedule. */
const TIMEOUT = { timeoutMs: 10 }

export interface Stage {
  readonly agent: Agent
  /** null: a thread that blocks. */
  readonly loop: Loop | null
  readonly track: number
  readonly parts: readonly Part[]
  readonly objects: readonly Primitive[]
}

/** Does an operation of a real program, and tells the monitor; a promise only if it is asynchronous. */
export function perform(stage: Stage, operation: Operation): Promise<void> | undefined {
  const { object: index } = operation
  const object = stage.objects[index]!
  if (operation.do === 'hold' || operation.do === 'take') {
    return acquire(stage, operation, object as Lock | Semaphore)
  }
  if (operation.do === 'wait') return wait(stage, operation, object as Event)
  if (operation.do === 'give') give(stage, index, object as Semaphore, operation.count)
  else if (operation.do === 'look') look(object)
  else {
    if (operation.do !== 'clear') set(stage, index, object as Event)
    if (operation.do !== 'set') clear(stage, index, object as Event)
  }
  return undefined
}

function acquire(
  stage: Stage,
  operation: Extract<Operation, { do: 'hold' | 'take' }>,
  object: Lock | Semaphore,
): Promise<void> | undefined {
  const { form, object: index } = operation
  const codes = stage.parts[index]!.spec.kind === 'lock' ? lock : semaphore
  const got = (guard: Guard | null): Promise<void> | undefined => {
    if (guard === null) {
      did(stage, index, codes.GAVE_UP)
      return undefined
    }
    did(stage, index, codes.ACQUIRED, Number(guard.abandoned))
    if (operation.do === 'take') return undefined
    const release = (): void => giveBack(stage, index, codes, 1, () => guard.release())
    const { loop } = stage
    if (loop !== null && operation.work === 'yield' && isAsync(form)) {
      return loop.turn().then(release)
    }
    release()
    return undefined
  }
  begins(stage, index, codes.ACQUIRES)
  if (!isAsync(form)) return got(acquireNow(stage, form, object))
  return acquireLater(stage, form, object).then(got)
}

function acquireNow({ agent }: Stage, { how }: Form, from: Lock | Semaphore): Guard | null {
  if (how === 'block') return from.acquire()
  if (how === 'try') return from.tryAcquire()
  return agent.timed(() => from.tryAcquire(TIMEOUT))
}

function acquireLater(
  { loop }: Stage,
  { how }: Form,
  from: Lock | Semaphore,
): Promise<Guard | null> {
  if (how === 'async') return from.acquireAsync()
  if (how === 'tryAsync') return from.tryAcquireAsync(TIMEOUT)
  return from.acquireAsync({ signal: loop!.signal() }).catch(unlessAborted)
}

function unlessAborted(error: unknown): null {
  if (error === ABORTED) return null
  throw error
}

function wait(
  stage: Stage,
  { form, object: index }: Extract<Operation, { do: 'wait' }>,
  object: Event,
): Promise<void> | undefined {
  begins(stage, index, event.WAITS)
  const ended = (isOver: boolean | null | undefined | void): void =>
    did(stage, index, event.WAITED, Number(isOver !== false && isOver !== null))
  if (isAsync(form)) return waitLater(stage, form, object).then(ended)
  ended(waitNow(stage, form, object))
  return undefined
}

function waitNow({ agent }: Stage, { how }: Form, object: Event): boolean | void {
  if (how === 'block') return object.wait()
  return how === 'try' ? object.tryWait() : agent.timed(() => object.tryWait(TIMEOUT))
}

function waitLater({ loop }: Stage, { how }: Form, object: Event): Promise<boolean | null | void> {
  if (how === 'async') return object.waitAsync()
  if (how === 'tryAsync') return object.tryWaitAsync(TIMEOUT)
  return object.waitAsync({ signal: loop!.signal() }).catch(unlessAborted)
}

function give(stage: Stage, index: number, object: Semaphore, count: number): void {
  giveBack(stage, index, semaphore, count, () => object.release(count))
}

/** Refused when it would be more than a bounded semaphore holds. */
function giveBack(
  stage: Stage,
  index: number,
  codes: { readonly RELEASES: number; readonly RELEASED: number },
  count: number,
  release: () => void,
): void {
  begins(stage, index, codes.RELEASES, count)
  try {
    release()
  } catch (error) {
    if (error instanceof RangeError) return
    throw error
  }
  did(stage, index, codes.RELEASED, count)
}

function set(stage: Stage, index: number, object: Event): void {
  begins(stage, index, event.SETS)
  object.set()
  did(stage, index, event.HAS_SET)
}

function clear(stage: Stage, index: number, object: Event): void {
  begins(stage, index, event.CLEARS)
  object.clear()
  did(stage, index, event.CLEARED)
}

function look(object: Primitive): unknown {
  if ('value' in object) return object.value
  return 'locked' in object ? object.locked : object.isSet
}

function begins({ agent, track }: Stage, index: number, code: number, value = 0): void {
  agent.begins(codeOf(track, index, code), value)
}

function did({ agent, track }: Stage, index: number, code: number, value = 0): void {
  agent.did(codeOf(track, index, code), value)
}
