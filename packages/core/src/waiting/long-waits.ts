/**
 * Tells of waits that are longer than a second, and of the agents that hold what they wait for.
 *
 * Nothing here costs anything while nobody listens and nobody waits. We know where a call came from only if
 * somebody listened by then, because a stack is dear. Whenever somebody is about to sleep, we check whether
 * the channel has listeners; `NODE_DEBUG=ipc` counts from the start.
 */
import { platform } from '#platform'
import type { Guard } from '../objects/guard.ts'
import type { Waiting } from './sleep.ts'

export const LONG_WAIT_MS = 1000

let isTracing = platform.isListening

/** To be called by somebody who is about to sleep. */
export function askWhoListens(): boolean {
  return (isTracing = platform.isListening)
}

const stacks = new WeakMap<object, string>()

/** Remembers where a guard was asked for. */
export function traceHold(guard: Guard): void {
  if (isTracing) stacks.set(guard, stackHere())
}

/** Remembers where the result of a wait was asked for; it need not be a guard. */
export function traceAs(result: unknown, stack: string): void {
  if (typeof result === 'object' && result !== null) stacks.set(result, stack)
}

/** The stack from the caller on: this function's own frame is left out. */
export function stackHere(): string {
  const { stack = '' } = new Error()
  return stack.split('\n').slice(2).join('\n')
}

/** To be called by a wait that is long. */
export function tell(
  what: string,
  waitedMs: number,
  blocking: boolean,
  waiting: Waiting<unknown>,
  askedAt: string | null,
): void {
  const own = waiting.own?.() ?? []
  const owners = (waiting.owners?.() ?? []).filter((owner) => owner !== null)
  const heldAt = own.map((guard) => stacks.get(guard)).find((stack) => stack !== undefined) ?? null
  const isHeldHere = own.length > 0
  platform.blocked({ what, waitedMs, blocking, owners, isHeldHere, askedAt, heldAt })
}

/* ---- promises ----------------------------------------------------------------------------------- */

/** Something that is checked now and then, until it does not want that any more. */
export interface Watched {
  /** Checks it; false when it need not be checked again. */
  look(): boolean
}

const LOOK_MS = 250

const watched = new Set<Watched>()
let isLooking = false

/** Checks it four times a second, until it answers with false: no wait is watched for long. */
export function startWatching(wait: Watched): void {
  watched.add(wait)
  if (isLooking) return
  isLooking = true
  platform.later(lookAtAll, LOOK_MS)
}

export function stopWatching(wait: Watched): void {
  watched.delete(wait)
}

function lookAtAll(): void {
  isLooking = false
  for (const wait of watched) if (!wait.look()) watched.delete(wait)
  if (watched.size === 0) return
  isLooking = true
  platform.later(lookAtAll, LOOK_MS)
}
