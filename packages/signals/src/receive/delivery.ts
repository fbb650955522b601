// Bound here: with the fake timers of a test, the deliveries that are left would stay undelivered.
import { setImmediate } from 'node:timers'
import type { SignalHandler, SignalInfo } from '../names/info.ts'
import { adoptState, isBlocked, state, type Delivery } from './state.ts'

/** After this many deliveries in a row others get their turn: the event loop, or a deadline. */
const IN_A_ROW = 4096

const NOBODY: readonly [] = []

/**
 * Runs what has arrived, for a thread that is about to sleep. Answers with the sequence on which
 * sleeping is right, or, if more is left to do, with one that has passed already.
 */
export function drain(): number {
  const sequence = state.receiver!.sequence()
  return deliverSome(false) ? sequence : (sequence - 1) | 0
}

/** Runs everything that arrived before now. */
export function drainAll(): void {
  adoptState()
  if (state.receiver !== null) deliverSome(false, state.queue.length + state.receiver.unread())
}

/** Called by the event loop. */
export function wake(): void {
  if (!deliverSome(true)) setImmediate(wake)
}

/** Returns false if it stopped before the end. A handler's error stops it too; the others come later. */
function deliverSome(rearm: boolean, most: number = IN_A_ROW): boolean {
  const { queue } = state
  const receiver = state.receiver!
  if (rearm) receiver.rearm()
  try {
    for (let count = 0; count < most; count++) {
      const delivery = queue.length > 0 ? queue.shift() : receiver.next()
      if (delivery === undefined) return true
      deliver(delivery)
    }
    return false
  } catch (error) {
    setImmediate(wake)
    throw error
  }
}

/**
 * Queues the signals that were held and are not blocked any more, together with those that the kernel
 * has let through since: the lower numbers first, standard signals once.
 */
export function deliverHeld(): void {
  const free = state.held.filter(({ info }) => !isBlocked(info.number))
  if (free.length === 0) return
  const rest = state.held.filter((delivery) => !free.includes(delivery))
  state.held.splice(0, Infinity, ...rest)
  const receiver = state.receiver!
  for (let next = receiver.next(); next !== undefined; next = receiver.next()) {
    const { number } = next.info
    if (!isStandard(number) || free.every(({ info }) => info.number !== number)) free.push(next)
  }
  state.queue.unshift(...free.toSorted((a, b) => a.info.number - b.info.number))
}

/**
 * Decides now who gets it, not when the kernel delivered it. A waiter takes it; otherwise it is held if
 * it is blocked; otherwise the listeners and the handler get it; otherwise the disposition acts.
 */
function deliver(delivery: Delivery): void {
  const { info } = delivery
  const { number } = info
  if (state.waiters.size > 0) {
    for (const waiter of state.waiters) {
      if (waiter.numbers.has(number)) return waiter.take(info)
    }
  }
  if (isBlocked(number)) return hold(delivery)
  const heard = state.listeners.size > 0 && hear(info)
  const handler = state.ours.get(number)
  if (typeof handler === 'function') {
    if (delivery.held === true) state.receiver!.chain(number)
    handle(info, handler)
  } else if (!heard) {
    actByDisposition(delivery)
  }
}

/** A pause that begins inside the handler waits for another one. */
function handle(info: SignalInfo, handler: SignalHandler): void {
  const pausing = state.pausing.size > 0 ? [...state.pausing] : NOBODY
  try {
    state.installations.get(info.number)!.run(handler, info)
    state.handled ??= info
  } finally {
    for (const resume of pausing) resume(info)
  }
}

/** Whether anybody listens to it. */
function hear(info: SignalInfo): boolean {
  let heard = false
  for (const listener of state.listeners) {
    if (!listener.numbers.has(info.number)) continue
    listener.hear(info)
    heard = true
  }
  return heard
}

/** Standard signals merge while they are pending. */
function hold(delivery: Delivery): void {
  const { number } = delivery.info
  if (isStandard(number) && state.held.some(({ info }) => info.number === number)) return
  state.held.push({ ...delivery, held: true })
}

function isStandard(number: number): boolean {
  return number < 32
}

/** Its handler has gone since the kernel delivered it: the present disposition acts. */
function actByDisposition({ info, chained }: Delivery): void {
  if (!chained) state.receiver!.resend(info.number)
}
