import { Op, type Operation } from './operation.ts'

/** A word to sleep on, as long as it is what is expected. */
export interface Sleep {
  readonly word: number
  readonly expected: number
}

/**
 * An operation has integers only, so each list of words has a number. The lists are never forgotten, as there
 * are few.
 */
const lists: (readonly Sleep[])[] = []
const numbers = new Map<string, number>()

/** One operation can say of this many words which of them were woken. */
const MOST_WORDS = 30

export function numberOf(sleeps: readonly Sleep[]): number {
  if (sleeps.length > MOST_WORDS) throw new RangeError(`sleeps on ${sleeps.length} words`)
  const key = sleeps.map(({ word, expected }) => `${word}=${expected}`).join()
  let number = numbers.get(key)
  if (number === undefined) {
    number = lists.push(sleeps.map(({ word, expected }) => ({ word, expected }))) - 1
    numbers.set(key, number)
  }
  return number
}

/** Finds the list of a SLEEP_ON or an UNQUEUE. */
export function sleepsOf({ index }: Pick<Operation, 'index'>): readonly Sleep[] {
  return lists[index]!
}

/** Answers where in the list a word stands on which the sleeper was not woken yet; -1 if it is not there. */
export function placeOf({ kind, index, value }: Operation, word: number): number {
  const woken = kind === Op.UNQUEUE ? value : 0
  return lists[index]!.findIndex((one, i) => one.word === word && (woken & (1 << i)) === 0)
}
