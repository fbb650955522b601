/** A change from one value to another, at some time between two moments. */
export interface Change<T> {
  readonly begin: number
  /** Infinity if the change may or may not have happened. */
  readonly end: number
  readonly to: T
}

interface Period<T> {
  readonly value: T
  /** The period began at `from` at the earliest, and ended at `to` at the latest. */
  readonly from: number
  readonly to: number
}

/** Knows what a value may have been and must have been: nobody knows when in a call it changes. */
export class Timeline<T> {
  readonly #periods: readonly Period<T>[]

  constructor(initial: T, changes: readonly Change<T>[]) {
    const all = [{ begin: 0, end: 0, to: initial }, ...changes]
    this.#periods = all.map(({ begin, to }, i) => ({
      value: to,
      from: begin,
      to: all[i + 1]?.end ?? Infinity,
    }))
  }

  /** Whether it may have been so at some moment between these. */
  some(is: (value: T) => boolean, from: number, to: number = from): boolean {
    return this.#periods.some((one) => is(one.value) && one.from <= to && one.to >= from)
  }

  /** Whether it must have been so all the time. */
  every(is: (value: T) => boolean, from: number, to: number = from): boolean {
    return !this.some((value) => !is(value), from, to)
  }

  /** Answers when it must have been so: from the end of a change to the beginning of the next. */
  sure(is: (value: T) => boolean): { from: number; to: number }[] {
    return this.#periods.flatMap(({ value }, i) => {
      if (!is(value)) return []
      const from = i === 0 ? 0 : this.#periods[i - 1]!.to
      return [{ from, to: this.#periods[i + 1]?.from ?? Infinity }]
    })
  }
}
