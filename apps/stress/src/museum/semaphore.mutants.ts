import type { Mutant } from './mutant.ts'

export const SEMAPHORE: readonly Mutant[] = [
  {
    name: 'semaphore-clears-without-wake',
    what: 'A release clears WAITERS for all waiters and wakes nobody when it gives one permit.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if ((word & WAITERS) !== 0) this.#memory.unpark(this.#index, count)',
    to: 'if ((word & WAITERS) !== 0) this.#memory.unpark(this.#index, count - 1)',
  },
  {
    name: 'semaphore-hands-and-releases',
    what: 'A permit is handed to a call of the thread, and released too.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: `
      this.#handovers++
      return`,
    to: 'this.#handovers++',
  },
  {
    name: 'semaphore-leaver-sets-no-waiters',
    what: 'A waiter that gives up when there is no permit does not set WAITERS again.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if ((word & WAITERS) !== 0 || this.#change(word, word | WAITERS)) return',
    to: 'return',
  },
  {
    name: 'semaphore-leaver-swallows-wake',
    what: 'A waiter that gives up does not pass on the wake.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: `
      if (this.#free(word) > 0) {
        this.#memory.unpark(this.#index, 1)`,
    to: 'if (this.#free(word) > 0) {',
  },
  {
    name: 'semaphore-lost-update',
    what: 'A release stores what it computed.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if (!this.#change(word, plus(word, count) & ~WAITERS)) continue',
    to: 'this.#memory.store(this.#index, plus(word, count) & ~WAITERS)',
  },
  {
    name: 'semaphore-release-keeps-count',
    what: 'A release of n permits wakes one waiter, and that waiter wakes nobody.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if ((word & WAITERS) !== 0) this.#memory.unpark(this.#index, count)',
    to: 'if ((word & WAITERS) !== 0 && count === 1) this.#memory.unpark(this.#index, 1)',
  },
  {
    name: 'semaphore-sleeps-unannounced',
    what: 'A waiter sleeps without setting WAITERS.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: `
      if ((word & WAITERS) !== 0 || this.#change(word, word | WAITERS)) {
        sleep.on(this.#index, word | WAITERS)`,
    to: `
      if (this.#change(word, word)) {
        sleep.on(this.#index, word)`,
  },
  {
    name: 'semaphore-taker-forgets-waiters',
    what: 'A taker that has slept does not set WAITERS again.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if (!this.#change(word, plus(word, -1) | (hasSlept ? WAITERS : 0))) continue',
    to: 'if (!this.#change(word, plus(word, -1))) continue',
  },
  {
    name: 'semaphore-taker-wakes-nobody',
    what: 'A taker that has slept does not wake one more waiter.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if (hasSlept && free > 1) this.#memory.unpark(this.#index, 1)',
    to: '',
  },
  {
    name: 'semaphore-taker-wakes-too-seldom',
    what: 'A woken taker wakes the next only when two more permits are free.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if (hasSlept && free > 1) this.#memory.unpark(this.#index, 1)',
    to: 'if (hasSlept && free > 2) this.#memory.unpark(this.#index, 1)',
  },
  {
    name: 'semaphore-takes-the-last-twice',
    what: 'A taker does not load the word again after it has changed.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: 'if (this.#change(word, plus(word, -1))) return new CountedGuard(this)',
    to: `
      if (this.#change(word, plus(word, -1))) return new CountedGuard(this)
      this.#memory.sub(this.#index, 1)
      return new CountedGuard(this)`,
  },
  {
    name: 'semaphore-wakes-before-release',
    what: 'A release wakes a waiter before it gives the permit.',
    check: 'semaphore',
    in: 'packages/semaphore/src',
    from: `
      if (!this.#change(word, plus(word, count) & ~WAITERS)) continue
      if ((word & WAITERS) !== 0) this.#memory.unpark(this.#index, count)`,
    to: `
      if ((word & WAITERS) !== 0) this.#memory.unpark(this.#index, count)
      if (!this.#change(word, plus(word, count) & ~WAITERS)) continue`,
  },
]
