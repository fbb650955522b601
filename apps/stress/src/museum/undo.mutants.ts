import type { Mutant } from './mutant.ts'

export const UNDO: readonly Mutant[] = [
  {
    name: 'undo-abandoned-not-told',
    what: "A taker of a dead owner's permit is not told.",
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'return this.#guard(permit, by, owner !== FREE)',
    to: 'return this.#guard(permit, by, false)',
  },
  {
    name: 'undo-bell-comes-back',
    what: 'A thread that clears the waiting bit does not bump the bell: another sets the bit again, and a waiter that checked before it sleeps.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'const cleared = (rung + 1) & SEQUENCE',
    to: 'const cleared = rung & SEQUENCE',
  },
  {
    name: 'undo-bell-not-bumped',
    what: 'A release wakes one waiter and leaves the bell as it is: a waiter that has checked, and is about to sleep, misses it.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'const rung = ((bell + 1) & SEQUENCE) | WAITERS',
    to: 'const rung = bell',
  },
  {
    name: 'undo-clears-and-wakes-one',
    what: 'A thread that clears the waiting bit wakes one of two sleepers: two permits come without the bit, and it takes one.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'this.#memory.unpark(index, ALL)',
    to: 'this.#memory.unpark(index, 1)',
  },
  {
    name: 'undo-clears-the-bell',
    what: 'A release clears WAITERS before it wakes.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'const rung = ((bell + 1) & SEQUENCE) | WAITERS',
    to: 'const rung = (bell + 1) & SEQUENCE',
  },
  {
    name: 'undo-clears-without-wake',
    what: 'A thread that clears the waiting bit does not wake once more.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'this.#memory.unpark(index, ALL)',
    to: '',
  },
  {
    name: 'undo-death-not-seen',
    what: 'A permit whose owner died does not come back.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'if (owner !== FREE && !(alsoDead && this.#memory.isDead(owner))) continue',
    to: 'if (owner !== FREE && !(alsoDead && false && this.#memory.isDead(owner))) continue',
  },
  {
    name: 'undo-hands-and-frees',
    what: 'A permit is handed to a call of the thread, and freed too.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: `
      holds.handovers++
      return`,
    to: 'holds.handovers++',
  },
  {
    name: 'undo-leaver-swallows-wake',
    what: 'A waiter that gives up does not pass on the wake.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'if (this.value > 0) this.#memory.unpark(this.#index + BELL, 1)',
    to: '',
  },
  {
    name: 'undo-looks-before-announce',
    what: 'A waiter checks the permits, then announces itself.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: `
      const bell = this.#announce()
      const guard = this.#look(by, true)`,
    to: `
      const guard = this.#look(by, true)
      const bell = this.#announce()`,
  },
  {
    name: 'undo-rings-before-free',
    what: 'A release wakes a waiter before it gives the permit back.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: `
      this.#memory.compareExchange(this.#word(permit), this.#memory.self, FREE)
      this.#ring()`,
    to: `
      this.#ring()
      this.#memory.compareExchange(this.#word(permit), this.#memory.self, FREE)`,
  },
  {
    name: 'undo-rings-for-nobody',
    what: 'A release gives up when another has changed the bell.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'if (this.#memory.compareExchange(index, bell, rung) !== bell) continue',
    to: 'if (this.#memory.compareExchange(index, bell, rung) !== bell) return',
  },
  {
    name: 'undo-takes-from-the-living',
    what: 'A taker of a permit whose owner was dead takes it from whatever thread has it by then.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'if (this.#memory.compareExchange(word, owner, this.#memory.self) !== owner) continue',
    to: `
      if (owner !== FREE) this.#memory.store(word, this.#memory.self)
      else if (this.#memory.compareExchange(word, owner, this.#memory.self) !== owner) continue`,
  },
  {
    name: 'undo-test-then-set',
    what: 'A taker checks whether a permit is free, then stores.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'if (this.#memory.compareExchange(word, owner, this.#memory.self) !== owner) continue',
    to: 'this.#memory.store(word, this.#memory.self)',
  },
  {
    name: 'undo-wakes-nobody',
    what: 'A release bumps the bell and wakes nobody.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'if (this.#memory.unpark(index, 1) > 0) return',
    to: 'return',
  },
  {
    name: 'undo-woken-is-served',
    what: 'A waiter that has slept does not set WAITERS again before it checks the permits.',
    check: 'undo',
    in: 'packages/semaphore/src',
    from: 'const bell = this.#announce()',
    to: 'const bell = sleep.slept > 0 ? this.#memory.load(this.#index + BELL) : this.#announce()',
  },
]
