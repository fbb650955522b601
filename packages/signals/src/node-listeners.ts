import { constants } from 'node:os'

const NUMBERS = constants.signals as Readonly<Record<string, number | undefined>>
const NAMES = new Map<number, NodeJS.Signals[]>()
for (const [name, number] of Object.entries(constants.signals)) {
  NAMES.set(number, [...(NAMES.get(number) ?? []), name as NodeJS.Signals])
}

/** The number of what `process.on` takes for a signal. */
export function numberOfEvent(event: string | symbol): number | undefined {
  return typeof event === 'string' ? NUMBERS[event] : undefined
}

/** Some signals have two names; real-time signals have none that Node knows. */
function eventsOf(number: number): readonly NodeJS.Signals[] {
  return NAMES.get(number) ?? []
}

/** How many listeners `process.on` has for a signal. */
export function countListeners(number: number): number {
  return eventsOf(number).reduce((sum, name) => sum + process.listenerCount(name), 0)
}
