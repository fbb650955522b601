import { constants } from 'node:os'

const NUMBERS = constants.signals as Readonly<Record<string, number | undefined>>
const NAMES = new Map<number, NodeJS.Signals[]>()
for (const [name, number] of Object.entries(constants.signals)) {
  NAMES.set(number, [...(NAMES.get(number) ?? []), name as NodeJS.Signals])
}

/** The number of the signal for which `process.on` takes this event, if it takes it for one. */
export function numberOfEvent(event: string | symbol): number | undefined {
  return typeof event === 'string' ? NUMBERS[event] : undefined
}

/** Some signals have two names; real-time signals have none that Node knows. */
function eventsOf(number: number): readonly NodeJS.Signals[] {
  return NAMES.get(number) ?? []
}

/** How many listeners `process.on` has for a signal, apart from ours that does nothing. */
export function countListeners(number: number): number {
  let sum = 0
  for (const name of eventsOf(number)) {
    sum += process.listenerCount(name)
    if (hasStandIn(name)) sum--
  }
  return sum
}

/*
 * While a signal has a listener, libuv leaves the kernel's disposition alone. So one that does nothing
 * stands in for the last one that goes, until libuv may change what it likes.
 *
 * It stands beside listeners, too, where we handle the signal: signal-exit, which many packages load,
 * takes a signal that nobody else listens to for the end, runs its exit hooks, and sends it again. It has
 * one listener for each name of a signal.
 */

function listenToNothing(): void {}

function hasStandIn(name: NodeJS.Signals): boolean {
  return process.listenerCount(name) > 0 && process.listeners(name).includes(listenToNothing)
}

let isChanging = false

/** Whether the listener that comes or goes is ours and not the user's. */
export function isOwnChange(): boolean {
  return isChanging
}

export function keepsLibuv(number: number): boolean {
  return eventsOf(number).some(hasStandIn)
}

export function keepLibuv(number: number): void {
  if (isChanging || keepsLibuv(number)) return
  change(() => {
    for (const name of eventsOf(number)) process.on(name, listenToNothing)
  })
}

/** Returns whether there was something to let go. */
export function letLibuvGo(number: number): boolean {
  if (isChanging || !keepsLibuv(number)) return false
  change(() => {
    for (const name of eventsOf(number)) process.off(name, listenToNothing)
  })
  return true
}

/** The events that it sets off come back here, and may throw: there may be listeners for listeners. */
function change(listeners: () => void): void {
  isChanging = true
  try {
    listeners()
  } finally {
    isChanging = false
  }
}
