import { outOfRange, shown, wrongType } from '@ipc/core/author'
import { tables } from './tables.ts'

/** `'SIGUSR1'`, `'USR1'` or 10; `'SIGRTMIN+3'`, `'RTMAX-1'`. */
export type Signal = string | number

/**
 * The number of a signal, however it is given.
 * @throws TypeError for a name that is none (ERR_UNKNOWN_SIGNAL) and for other types; RangeError
 * for a number that is no signal here
 */
export function signalNumber(signal: unknown): number {
  const { byName, byNumber } = tables()
  if (typeof signal === 'string') {
    const number = byName.get(signal)
    if (number !== undefined) return number
    const error = new TypeError(`signal must be the name of a signal: ${shown(signal)}`)
    throw Object.assign(error, { code: 'ERR_UNKNOWN_SIGNAL' })
  }
  if (typeof signal !== 'number') throw wrongType('signal', 'a name or a number', signal)
  if (byNumber[signal] === undefined) throw outOfRange('signal', 'the number of a signal', signal)
  return signal
}

/** The name of a number that is a signal's. */
export function signalName(number: number): string {
  return tables().byNumber[number]?.signal ?? `SIG${number}`
}

/** The description of a signal, such as `Terminated`. */
export function strsignal(signal: Signal): string {
  return tables().byNumber[signalNumber(signal)]!.description
}

/** Signals that are given together, without repetition. */
export function signalNumbers(what: string, set: unknown): Set<number> {
  const iterable = typeof set === 'object' && set !== null && Symbol.iterator in set
  if (!iterable) throw wrongType(what, 'an array or a Set of signals', set)
  return new Set(Array.from(set as Iterable<unknown>, signalNumber))
}

/** A set of signals as the addon takes it: bit `number - 1` for each. */
export function bitsOf(numbers: Iterable<number>): bigint {
  let bits = 0n
  for (const number of numbers) bits |= bit(number)
  return bits
}

export function bit(number: number): bigint {
  return 1n << BigInt(number - 1)
}

/** The names of a set's signals, by number. */
export function namesOf(bits: bigint): string[] {
  return tables()
    .entries.filter((entry) => (bits & bit(entry.number)) !== 0n)
    .map((entry) => entry.signal)
}
