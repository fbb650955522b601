import { Op, type Operation } from './operation.ts'

/** A word to sleep on, as long as it is what is expected. */
export interface Sleep {
  readonly word: number
  readonly expected: number
}

/** An operation has integers only, so a list of words has a number. Never forgotten: there are few. */
const lists: (readonly Sleep[])[] = []
const numbers = new Map<string, number>()

/** As many as one operation says which of them were woken. */
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

/** Of SLEEP_ON and UNQUEUE. */
export function sleepsOf({ index }: Pick<Operation, 'index'>): readonly Sleep[] {
  return lists[index]!
}

/** Where in the list a word is that its sleeper was not woken on yet; -1 if it is not there. */
export function placeOf({ kind, index, value }: Operation, word: number): number {
  const woken = kind === Op.UNQUEUE ? value : 0
  return lists[index]!.findIndex((one, i) => one.word === word && (woken & (1 << i)) === 0)
}
