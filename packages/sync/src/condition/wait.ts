/** One wait for a Condition: from the hold that is given up, until it is held again. */
import { type Guard } from '@ipc/core'
import { AsyncQueue, block, type Memory, type Waiting } from '@ipc/core/author'
import type { Suspendable, Suspended } from '@ipc/lock'
import { isNotified, type Entries, type Entry } from './entries.ts'

/**
 * How a sleep ended. `orphaned`: a waiter that was notified died, and its wake must go to another.
 * `owner died`: the owner may have changed things and had no time to notify.
 */
type Ending = 'notified' | 'orphaned' | 'owner died'

export class ConditionWait {
  readonly #memory: Memory
  readonly #entries: Entries
  readonly #entry: Entry
  readonly #lock: Suspendable
  readonly #guard: Guard
  readonly #description: string
  readonly #queue: AsyncQueue<Ending>
  /** The errors of this wait, in order: the caller gets the first. */
  readonly #failures: unknown[] = []

  /** Made by the thread that has the hold of the guard. */
  constructor(
    memory: Memory,
    entries: Entries,
    lock: Suspendable,
    guard: Guard,
    description: string,
  ) {
    this.#memory = memory
    this.#entries = entries
    this.#lock = lock
    this.#guard = guard
    this.#description = description
    this.#queue = new AsyncQueue(memory)
    entries.bury() // so that no wake of a dead waiter comes to one that came later
    this.#entry = entries.add(description)
  }

  /** Blocks the thread; false if the time was over. */
  block(deadline: number): boolean {
    for (;;) {
      const suspended = this.#lock.suspend(this.#guard, true)
      const waiting = this.#waiting(suspended)
      let ending: Ending | undefined
      try {
        ending = block(this.#memory, waiting, deadline, () => this.#description)
      } catch (error) {
        this.#failures.push(error)
      }
      this.#takeBack(suspended)
      const isWoken = this.#look(ending, suspended)
      if (isWoken !== undefined) return isWoken
    }
  }

  /** Waits without blocking; false if the time was over. */
  async await(deadline: number, signal: AbortSignal | undefined): Promise<boolean> {
    for (;;) {
      const suspended = this.#lock.suspend(this.#guard, false)
      let ending: Ending | null = null
      try {
        signal?.throwIfAborted() // it may have aborted while nothing listened: in the rounds before
        ending = await this.#queue.wait(this.#waiting(suspended), deadline, signal)
      } catch (error) {
        this.#failures.push(error)
      }
      await this.#takeBackAsync(suspended)
      const isWoken = this.#look(ending ?? undefined, suspended)
      if (isWoken !== undefined) return isWoken
    }
  }

  /** Makes it fail, with the lock held. */
  close(error: unknown): void {
    if (this.#queue.isEmpty) this.#failures.push(error)
    else this.#queue.fail(error)
  }

  #waiting(suspended: Suspended): Waiting<Ending> {
    const word = this.#entries.wordOf(this.#entry)
    return {
      owner: this,
      attempt: (sleep) => {
        const ticket = this.#entries.takePoke(this.#entry)
        if (isNotified(ticket)) return 'notified'
        if (suspended.hasOwnerDied()) return 'owner died'
        if (this.#entries.hasOrphan) return 'orphaned'
        sleep.on(word, ticket)
        return undefined
      },
      leave: () => {},
      what: this.#description,
    }
  }

  /** Errors that signal handlers throw meanwhile come out when the lock is held. */
  #takeBack(suspended: Suspended): void {
    try {
      suspended.resume(this.#failures)
    } catch (error) {
      this.#desert(error)
    }
  }

  async #takeBackAsync(suspended: Suspended): Promise<void> {
    try {
      await suspended.resumeAsync()
    } catch (error) {
      this.#desert(error)
    }
  }

  #desert(error: unknown): never {
    this.#entries.desert(this.#entry)
    throw error
  }

  /**
   * With the lock: returns whether the waiter was woken, or undefined if it must go back to sleep. It
   * must not go back when it took the lock over from a dead owner, for whatever reason it woke up:
   *
   *   T1 sees T2's entry, notified | T2 takes its wake, gets the lock, and dies: T1 sees an orphan
   *   T1 takes over, and finds no orphan; the work for which T2 was woken is still to be done
   */
  #look(ending: Ending | undefined, suspended: Suspended): boolean | undefined {
    const entries = this.#entries
    const entry = this.#entry
    const [failure] = this.#failures
    const hasFailed = this.#failures.length > 0
    const hasOwnerDied =
      ending === 'owner died' || (ending === 'orphaned' && suspended.hasOwnerDied())
    if (ending === 'orphaned' && !hasFailed) {
      entries.bury()
      if (!entries.isNotified(entry) && !hasOwnerDied) return undefined
    }
    const wasNotified = entries.isNotified(entry)
    if (wasNotified && hasFailed) entries.notifyOldest(1) // it cannot use the wake
    entries.free(entry)
    if (hasFailed) throw failure
    return wasNotified || hasOwnerDied
  }
}
