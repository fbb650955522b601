import type { Guard } from '@ipc/core'
import type { Lock } from '@ipc/lock'
import type { Semaphore } from '@ipc/semaphore'
import type { Event } from '@ipc/sync'
import { Recorder, trackOf, type Arena } from '../history/arena.ts'
import { codeOf, resultCode, type Result, type What } from '../history/call.ts'
import { isAsync, type AgentSpec, type Operation, type Work } from '../program/program.ts'
import { CriticalSection, work } from './critical-section.ts'
import { ABORTED, acquire, wait } from './form.ts'
import type { Shared } from './objects.ts'

/** Called where a planned fault may happen. */
export type Moment = (step: number, inside: boolean) => void

/** One list of operations of an agent: does them and records them. */
export class Track {
  readonly #arena: Arena
  readonly #recorder: Recorder
  readonly #objects: readonly Shared[]
  readonly #operations: readonly Operation[]
  readonly #rounds: number
  readonly #moment: Moment
  #step = 0

  constructor(
    arena: Arena,
    objects: readonly Shared[],
    { agent, index, spec }: { agent: number; index: number; spec: AgentSpec },
    moment: Moment,
  ) {
    this.#arena = arena
    this.#recorder = new Recorder(arena, trackOf(agent, index))
    this.#objects = objects
    this.#operations = spec.tracks[index]!
    this.#rounds = spec.rounds
    this.#moment = moment
  }

  /** Awaits only what is asynchronous: blocking operations follow each other at once. */
  async run(): Promise<void> {
    for (let round = 0; round < this.#rounds; round++) {
      for (const operation of this.#operations) {
        this.#moment(this.#step, false)
        const pending = this.#perform(operation)
        if (pending !== undefined) await pending
        this.#step++
      }
    }
  }

  #perform(operation: Operation): Promise<void> | undefined {
    const { object } = operation
    if (operation.do === 'hold') {
      return this.#acquire(operation, (guard) => this.#hold(operation, guard))
    }
    if (operation.do === 'take') return this.#acquire(operation, () => undefined)
    if (operation.do === 'wait') return this.#wait(operation)
    if (operation.do === 'look') this.#look(object)
    else if (operation.do === 'give') this.#give(object, operation.count)
    else {
      const event = this.#objects[object] as Event
      if (operation.do !== 'clear') this.#do('set', object, () => event.set())
      if (operation.do !== 'set') this.#do('clear', object, () => event.clear())
    }
    return undefined
  }

  #acquire(
    { object, form }: Extract<Operation, { do: 'hold' | 'take' }>,
    use: (guard: Guard) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    const at = this.#begin('acquire', object)
    const got = acquire(this.#objects[object] as Lock | Semaphore, form)
    const then = (result: Awaited<typeof got>): Promise<void> | undefined => {
      this.#end(at, result === null ? 'gave-up' : result === ABORTED ? 'aborted' : kindOf(result))
      return result === null || result === ABORTED ? undefined : use(result)
    }
    return got instanceof Promise ? got.then(then) : then(got)
  }

  #hold(
    { object, form, work: kind }: Extract<Operation, { do: 'hold' }>,
    guard: Guard,
  ): Promise<void> | undefined {
    const isLock = 'locked' in this.#objects[object]!
    const section = isLock ? new CriticalSection(this.#arena, object) : undefined
    section?.enter(guard.abandoned)
    this.#moment(this.#step, true)
    const leave = (): void => {
      section?.leave()
      this.#release(object, 1, () => guard.release())
    }
    return after(kind, isAsync(form), leave)
  }

  #wait({ object, form }: Extract<Operation, { do: 'wait' }>): Promise<void> | undefined {
    const at = this.#begin('wait', object)
    const waited = wait(this.#objects[object] as Event, form)
    const then = (result: Awaited<typeof waited>): void =>
      this.#end(at, result === ABORTED ? 'aborted' : result ? 'done' : 'gave-up')
    if (waited instanceof Promise) return waited.then(then)
    then(waited)
    return undefined
  }

  #give(object: number, count: number): void {
    this.#release(object, count, () => (this.#objects[object] as Semaphore).release(count))
  }

  #look(index: number): void {
    const object = this.#objects[index]!
    const at = this.#begin('look', index)
    this.#recorder.end(at, resultCode('saw', stateOf(object)))
  }

  #release(object: number, count: number, release: () => void): void {
    const at = this.#begin('release', object, count)
    try {
      release()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return this.#end(at, 'refused')
    }
    this.#end(at, 'done')
  }

  #do(what: What, object: number, action: () => void): void {
    const at = this.#begin(what, object)
    action()
    this.#end(at, 'done')
  }

  #begin(what: What, object: number, argument = 1): number {
    return this.#recorder.begin(codeOf(what), object, argument, this.#step)
  }

  #end(at: number, result: Result): void {
    this.#recorder.end(at, resultCode(result))
  }
}

/** What can be seen of an object at one moment, as a number. */
export function stateOf(object: Shared): number {
  if ('value' in object) return object.value
  return Number('locked' in object ? object.locked : object.isSet)
}

function kindOf(guard: Guard): Result {
  return guard.abandoned ? 'abandoned' : 'done'
}

function after(kind: Work, mayAwait: boolean, then: () => void): Promise<void> | undefined {
  const working = work(kind, mayAwait)
  if (working !== undefined) return working.then(then)
  then()
  return undefined
}
