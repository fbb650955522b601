/**
 * Ends waits that the program itself will never end: for an event that nobody sets any more, for permits that
 * somebody took for good, at a barrier to which nobody comes any more, or for items that nobody makes any
 * more. It acts only when everything rests, and then less and less often.
 *
 * It does not set an event for good but pulses it, so that a lost pulse shows: the pulse must release
 * everyone who is asleep. A wait that has begun may happen not to be asleep yet, but not time after time.
 */
import type { Semaphore } from '@ipc/semaphore'
import type { Barrier, Event } from '@ipc/sync'
import type { Shared } from '../agent/kinds.ts'
import { stateOf } from '../agent/look.ts'
import { Stage } from '../agent/stage.ts'
import { Items, produce } from '../agent/steps/supply.ts'
import type { Supply } from '../agent/supply.ts'
import type { Violation } from '../checks/violation.ts'
import { HARNESS_TRACK, type Arena } from '../history/arena.ts'
import { pendingCall, type Call, type What } from '../history/call.ts'
import type { Program } from '../program/program.ts'

/** Each action takes two moments: when it begins, and when it returns. */
const MOMENTS = 2

const FIRST_REST_MS = 1
const LONGEST_REST_MS = 400
/** A pulse that comes after so long a rest finds everyone asleep… */
const SURE_REST_MS = 100
/** …and a wait that did not hear this many of them has lost them: they take more than four seconds. */
const LOST_PULSES = 12

export class Rescuer {
  readonly #program: Program
  readonly #objects: readonly Shared[]
  readonly #arena: Arena
  readonly #stage: Stage
  /** How many pulses each wait has not heard; its begin identifies the wait. */
  readonly #unheard = new Map<number, number>()
  #restMs = FIRST_REST_MS
  /** How often it acted. */
  acted = 0

  constructor(arena: Arena, program: Program, objects: readonly Shared[]) {
    this.#program = program
    this.#objects = objects
    this.#arena = arena
    this.#stage = new Stage(arena, HARNESS_TRACK, objects, () => {})
    this.#stage.step = -1
  }

  /** Called when something has happened. */
  moved(): void {
    this.#restMs = FIRST_REST_MS
  }

  /**
   * Called when nothing has happened for `forMs`, while these calls wait. It may act, and answers how many
   * moments its actions took.
   */
  rested(forMs: number, waiting: readonly Call[]): number {
    if (forMs < this.#restMs) return 0
    const before = this.#arena.length(HARNESS_TRACK)
    this.#program.objects.forEach((_, object) => {
      const here = waiting.filter((call) => call.object === object)
      if (here.length > 0) this.#rescue(object, here)
    })
    const acted = this.#arena.length(HARNESS_TRACK) - before
    this.acted += acted
    if (acted > 0) this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS)
    return acted * MOMENTS
  }

  /** Records what the harness sees when all is over. */
  look(): void {
    this.#objects.forEach((object, i) => {
      const at = this.#stage.begin('look', i, 0)
      this.#stage.end(at, 'saw', stateOf(object))
    })
  }

  /** Answers with a violation for each wait that did not hear pulse after pulse. */
  lostPulses(waiting: readonly Call[]): Violation[] {
    return waiting
      .filter(({ begin }) => (this.#unheard.get(begin) ?? 0) >= LOST_PULSES)
      .map((call) => ({
        law: 'a pulse releases everyone who waits',
        object: call.object,
        text: `a wait slept through ${LOST_PULSES} pulses (set, then clear), each after a rest of over ${SURE_REST_MS} ms`,
        calls: [call],
      }))
  }

  #rescue(index: number, waiting: readonly Call[]): void {
    const spec = this.#program.objects[index]!
    const object = this.#objects[index]!
    if (spec.kind === 'event' && !(object as Event).isSet) {
      if (this.#restMs > SURE_REST_MS) this.#countUnheard(waiting)
      this.#do('set', index, 0, () => (object as Event).set())
      this.#do('clear', index, 0, () => (object as Event).clear())
    } else if (spec.kind === 'barrier') {
      const barrier = object as Barrier
      if (barrier.waiting === 0 || barrier.broken) return // they should go on by themselves
      this.#do('abort', index, 1, () => barrier.abort())
      this.#do('reset', index, 1, () => barrier.reset())
    } else if (spec.kind === 'condition') {
      this.#supply(index, object as Supply, waiting)
    } else if (spec.kind === 'semaphore' && !spec.undo && (object as Semaphore).value === 0) {
      const count = Math.min(waiting.length, spec.bounded ? spec.value : waiting.length)
      this.#do('release', index, count, () => (object as Semaphore).release(count))
    }
  }

  /** Makes items, but none if there are some: the waiters should take those by themselves. */
  #supply(object: number, supply: Supply, waiting: readonly Call[]): void {
    const count = waiting.filter(({ what }) => what === 'wait').length
    if (count === 0 || new Items(this.#arena, object).some) return
    const form = { how: 'try', ms: 0 } as const
    void produce(this.#stage, { do: 'produce', object, form, count, work: 'nothing' }, supply)
  }

  /** If these waits hear the pulse that follows, they end and are not counted again. */
  #countUnheard(waiting: readonly Call[]): void {
    for (const { begin } of waiting) this.#unheard.set(begin, (this.#unheard.get(begin) ?? 0) + 1)
  }

  #do(what: What, object: number, argument: number, action: () => void): void {
    const at = this.#stage.begin(what, object, argument)
    this.#stage.end(at, refusable(action) ? 'done' : 'refused')
  }
}

/** Answers whether the action was done: others may have given permits meanwhile, up to the bound. */
function refusable(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Answers with the calls of these tracks that have not returned. */
export function waitingCalls(arena: Arena, tracks: readonly number[]): Call[] {
  return tracks.flatMap((track) => pendingCall(arena, track) ?? [])
}
