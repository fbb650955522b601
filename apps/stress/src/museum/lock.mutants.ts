import type { Mutant } from './mutant.ts'

export const LOCK: readonly Mutant[] = [
  {
    name: 'lock-abandoned-not-told',
    what: "A taker of a dead owner's lock is not told.",
    check: 'lock',
    in: 'packages/lock/src',
    from: 'return this.makeGuard(async, isAbandoned)',
    to: 'return this.makeGuard(async, false)',
  },
  {
    name: 'lock-death-not-seen',
    what: 'A lock whose owner died is never taken.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if (owner !== NOBODY) return this.memory.isDead(owner)',
    to: 'if (owner !== NOBODY) return false',
  },
  {
    name: 'lock-forgets-own-calls',
    what: 'A release leaves the calls of its own thread without a ticket.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'hold.queue.serve()',
    to: '',
  },
  {
    name: 'lock-hands-over-abandoned',
    what: "A taker of a dead owner's lock leaves the word to the dead owner.",
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if (owner !== NOBODY) return this.memory.isDead(owner)',
    to: 'if (owner !== NOBODY && (word & WAITERS) !== 0) return this.memory.isDead(owner)',
  },
  {
    name: 'lock-keeps-its-reservation',
    what: 'A taker does not take its reservation back.',
    check: 'lock',
    in: 'packages/lock/src',
    from: `
      this.#cancelReservation()
      return this.makeGuard(async, isAbandoned)`,
    to: 'return this.makeGuard(async, isAbandoned)',
  },
  {
    name: 'lock-leaver-sets-no-waiters',
    what: "A waiter that gives up while another thread has taken the lock does not make that thread's release wake.",
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if ((word & WAITERS) !== 0 || this.#change(word, word | WAITERS)) return',
    to: 'return',
  },
  {
    name: 'lock-leaver-swallows-wake',
    what: 'A waiter that gives up does not pass on the wake that it consumed.',
    check: 'lock',
    in: 'packages/lock/src',
    from: `
      }
      this.memory.unpark(this.index + WORD, 1)`,
    to: '}',
  },
  {
    name: 'lock-left-reserved',
    what: 'A release leaves the word RESERVED for a waiter that has left.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if (reserved) this.#freeIfNotReserved()',
    to: '',
  },
  {
    name: 'lock-overtaken-call',
    what: 'A wake for a call that its own thread overtook is not passed on.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if (sleep.slept > 0) {',
    to: 'if (sleep.slept < 0) {',
  },
  {
    name: 'lock-release-overlooks-waiters',
    what: 'A release stores FREE, whatever the word has become.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'this.memory.compareExchange(this.index + WORD, this.#me, FREE) !== this.#me',
    to: 'ownerOf(this.memory.exchange(this.index + WORD, FREE)) !== this.#me',
  },
  {
    name: 'lock-reserved-is-abandoned',
    what: 'A taker of a RESERVED lock is told that an owner died.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'return this.makeGuard(async, isAbandoned)',
    to: 'return this.makeGuard(async, word !== FREE)',
  },
  {
    name: 'lock-reserved-wakes-one',
    what: 'A release that leaves the word RESERVED wakes one waiter, perhaps not the one for which it is reserved.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if ((word & WAITERS) !== 0) this.memory.unpark(this.index + WORD, reserved ? ALL : 1)',
    to: 'if ((word & WAITERS) !== 0) this.memory.unpark(this.index + WORD, 1)',
  },
  {
    name: 'lock-reserves-while-reserved',
    what: 'A waiter reserves while the word is RESERVED, and sleeps on a word reserved for itself.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if (sleep.lost >= PATIENCE && (word & RESERVED) === 0) this.#reserve()',
    to: 'if (sleep.lost >= PATIENCE) this.#reserve()',
  },
  {
    name: 'lock-sleeps-unannounced',
    what: 'A waiter sleeps without setting WAITERS.',
    check: 'lock',
    in: 'packages/lock/src',
    from: `
      if (word === announced || this.#change(word, announced)) {
        sleep.on(this.index + WORD, announced)`,
    to: `
      if (word !== FREE) {
        sleep.on(this.index + WORD, word)`,
  },
  {
    name: 'lock-taker-drops-waiters',
    what: "A taker of a dead owner's lock drops WAITERS.",
    check: 'lock',
    in: 'packages/lock/src',
    from: 'const guard = this.#takeFrom(word, sleep.slept > 0 ? WAITERS : word & WAITERS, async)',
    to: 'const guard = this.#takeFrom(word, 0, async)',
  },
  {
    name: 'lock-taker-forgets-waiters',
    what: 'A taker that has slept does not set WAITERS again.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'const guard = this.#takeFrom(word, sleep.slept > 0 ? WAITERS : word & WAITERS, async)',
    to: 'const guard = this.#takeFrom(word, word & WAITERS, async)',
  },
  {
    name: 'lock-test-then-set',
    what: 'A taker checks whether the lock is free, then stores.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if (!this.#change(word, this.#me | waiters)) return undefined',
    to: 'this.memory.store(this.index + WORD, this.#me | waiters)',
  },
  {
    name: 'lock-wakes-before-release',
    what: 'A release wakes a waiter before it frees the lock.',
    check: 'lock',
    in: 'packages/lock/src',
    from: `
      if (!this.#change(word, next)) continue
      if ((word & WAITERS) !== 0) this.memory.unpark(this.index + WORD, reserved ? ALL : 1)`,
    to: `
      if ((word & WAITERS) !== 0) this.memory.unpark(this.index + WORD, reserved ? ALL : 1)
      if (!this.#change(word, next)) continue`,
  },
  {
    name: 'lock-wakes-nobody',
    what: 'A contended release wakes nobody.',
    check: 'lock',
    in: 'packages/lock/src',
    from: 'if ((word & WAITERS) !== 0) this.memory.unpark(this.index + WORD, reserved ? ALL : 1)',
    to: 'if (reserved) this.memory.unpark(this.index + WORD, ALL)',
  },
]
