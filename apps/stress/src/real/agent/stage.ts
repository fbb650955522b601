import { Recorder, type Arena } from '../history/arena.ts'
import { codeOf, resultCode, type Result, type What } from '../history/call.ts'
import type { Shared } from './kinds.ts'

/** A function that is called where a planned fault may happen. */
export type Moment = (step: number, inside: boolean) => void

/** The stage on which one track does its operations: the objects, and the record of its calls. */
export class Stage {
  readonly arena: Arena
  readonly objects: readonly Shared[]
  /** The number of the operation that it does, counted over all rounds. */
  step = 0
  readonly #recorder: Recorder
  readonly #moment: Moment

  constructor(arena: Arena, track: number, objects: readonly Shared[], moment: Moment) {
    this.arena = arena
    this.objects = objects
    this.#recorder = new Recorder(arena, track)
    this.#moment = moment
  }

  /** Called just before an operation. */
  before(): void {
    this.#moment(this.step, false)
  }

  /** Called in a critical section. */
  inside(): void {
    this.#moment(this.step, true)
  }

  /** Called just before a call; answers where its record is. */
  begin(what: What, object: number, argument = 1): number {
    return this.#recorder.begin(codeOf(what), object, argument, this.step)
  }

  /** Called just after a call. */
  end(at: number, result: Result, seen = 0): void {
    this.#recorder.end(at, resultCode(result, seen))
  }

  do(what: What, object: number, action: () => void): void {
    const at = this.begin(what, object)
    action()
    this.end(at, 'done')
  }
}

/**
 * Calls `then` at once with a value that is no promise, and later with the value that a promise resolves to.
 */
export function after<T>(
  value: T | Promise<T>,
  then: (value: T) => Promise<void> | undefined | void,
): Promise<void> | undefined {
  if (value instanceof Promise) return value.then(then)
  return then(value) ?? undefined
}
