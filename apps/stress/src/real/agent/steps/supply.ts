import type { Guard } from '@ipc/core'
import { RLock } from '@ipc/lock'
import { COUNTER, type Arena } from '../../history/arena.ts'
import { isAsync, isPatient, type Form, type Operation } from '../../program/program.ts'
import { after, type Stage } from '../stage.ts'
import type { Supply } from '../supply.ts'
import { CriticalSection, work } from './critical-section.ts'
import { ABORTED, aborted } from './form.ts'
import { kindOf, release, taking } from './hold.ts'

/** A lock that its owner may acquire more than once is acquired this many times. */
export const DEPTH = 3

/** A producer adds `count` items and notifies as many waiters; from this count on it notifies all. */
export const ALL_FROM = 3
/** The argument that is recorded when all are notified. */
const ALL = 1000

export function produce(
  stage: Stage,
  { object, form, count, work: kind }: Extract<Operation, { do: 'produce' }>,
  { lock, changed }: Supply,
): Promise<void> | undefined {
  return taking(stage, 'acquire', object, lock as Acquirable, form, (guard) => {
    const section = new CriticalSection(stage.arena, object)
    section.enter(guard.abandoned)
    new Items(stage.arena, object).add(count)
    stage.inside()
    return after(work(kind, isAsync(form)), () => {
      const isAll = count >= ALL_FROM
      const at = stage.begin('notify', object, isAll ? ALL : count)
      if (isAll) changed.notifyAll()
      else changed.notify(count)
      stage.end(at, 'done')
      section.leave()
      release(stage, 'release', object, 1, () => guard.release())
    })
  })
}

/** Waits until there is an item, and takes it. `form` is the form of the wait. */
export function consume(
  stage: Stage,
  { object, form, work: kind }: Extract<Operation, { do: 'consume' }>,
  supply: Supply,
): Promise<void> | undefined {
  const patient: Form = { how: isAsync(form) ? 'async' : 'block', ms: 0 }
  return taking(stage, 'acquire', object, supply.lock as Acquirable, patient, (guard) => {
    const { lock } = supply
    const more =
      lock instanceof RLock ? Array.from({ length: DEPTH - 1 }, () => lock.acquire()) : []
    const consumer = new Consumer(stage, object, supply, guard)
    return after<void>(consumer.wait(form), () => {
      consumer.take()
      return after(work(kind, isAsync(form)), () => {
        consumer.leave()
        for (const again of more) again.release()
        release(stage, 'release', object, 1, () => guard.release())
      })
    })
  })
}

type Acquirable = Parameters<typeof taking>[3]

/** The number of items; only the lock's owner may use it. */
export class Items {
  readonly #words: Int32Array
  readonly #at: number

  constructor(arena: Arena, object: number) {
    this.#words = arena.words
    this.#at = arena.counter(object) + COUNTER.items
  }

  get some(): boolean {
    return Atomics.load(this.#words, this.#at) > 0
  }

  add(count: number): void {
    this.#words[this.#at] = Atomics.load(this.#words, this.#at) + count
  }
}

/** A consumer has the lock, and gives it up again and again until there is something to take. */
class Consumer {
  readonly #stage: Stage
  readonly #object: number
  readonly #supply: Supply
  readonly #guard: Guard
  readonly #section: CriticalSection
  readonly #items: Items
  /** Where the record of the wait is that goes on. */
  #at: number | null = null

  constructor(stage: Stage, object: number, supply: Supply, guard: Guard) {
    this.#stage = stage
    this.#object = object
    this.#supply = supply
    this.#guard = guard
    this.#section = new CriticalSection(stage.arena, object)
    this.#items = new Items(stage.arena, object)
    this.#section.enter(guard.abandoned)
  }

  wait(form: Form): Promise<void> | undefined {
    const { changed } = this.#supply
    const guard = this.#guard
    const isReady = (): boolean => this.#isReady()
    if (isPatient(form)) {
      if (isAsync(form)) return changed.waitForAsync(guard, isReady).then(() => undefined)
      changed.waitFor(guard, isReady)
      return undefined
    }
    if (form.how === 'abort') {
      const waiting = aborted(form.ms, (signal) => changed.waitForAsync(guard, isReady, { signal }))
      return after<unknown>(waiting, (result) => {
        if (result === ABORTED) this.#hasWaited('aborted')
      })
    }
    return this.#tryWait(form)
  }

  take(): void {
    if (this.#items.some) this.#items.add(-1)
  }

  leave(): void {
    this.#section.leave()
  }

  #tryWait(form: Form): Promise<void> | undefined {
    const { changed } = this.#supply
    const options = { timeoutMs: form.how === 'try' ? 0 : form.ms }
    if (this.#isReady()) return undefined
    const woken = isAsync(form)
      ? changed.tryWaitAsync(this.#guard, options)
      : changed.tryWait(this.#guard, options)
    return after<boolean>(woken, (isWoken) => {
      if (isWoken) return this.#tryWait(form)
      this.#hasWaited('gave-up')
      return undefined
    })
  }

  /**
   * Called with the lock held: at first, and whenever a wait has ended. If it answers false, a wait follows.
   */
  #isReady(): boolean {
    this.#hasWaited(kindOf(this.#guard))
    this.#stage.inside()
    // A guard that was told that an owner died could not be told again.
    if (this.#items.some || this.#guard.abandoned) return true
    this.#section.leave()
    this.#at = this.#stage.begin('wait', this.#object)
    return false
  }

  #hasWaited(result: 'done' | 'abandoned' | 'gave-up' | 'aborted'): void {
    if (this.#at === null) return
    this.#stage.end(this.#at, result)
    this.#at = null
    const { lock } = this.#supply
    if (lock instanceof RLock && lock.depth !== DEPTH) {
      throw new Error(`it had the lock ${DEPTH} times, and has it ${lock.depth} times after a wait`)
    }
    this.#section.enter(this.#guard.abandoned)
  }
}
