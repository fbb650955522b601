import type { Mutant } from './mutant.ts'

export const RLOCK: readonly Mutant[] = [
  {
    name: 'rlock-abandoned-not-told',
    what: "A taker of a dead owner's lock is not told.",
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'return this.#first.abandoned',
    to: 'return this.#first.abandoned && !this.#first.held',
  },
  {
    name: 'rlock-believes-it-has-it',
    what: 'A thread that released the lock holds it again without taking it.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'this.#holds.first = null',
    to: '',
  },
  {
    name: 'rlock-depth-after-release',
    what: 'A release stores the depth when the lock is free already.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: `
      this.#storeDepth()
      if (guards.length > 0) return
      this.#holds.first = null
      first!.release()`,
    to: `
      if (guards.length > 0) return this.#storeDepth()
      this.#holds.first = null
      first!.release()
      this.#storeDepth()`,
  },
  {
    name: 'rlock-depth-before-lock',
    what: 'A waiter stores its depth before it has the lock.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'return this.#next(this.#holds.first ?? this.#lock.acquire())',
    to: `
      if (this.#holds.first === null) this.memory.store(this.index + DEPTH, 1)
      return this.#next(this.#holds.first ?? this.#lock.acquire())`,
  },
  {
    name: 'rlock-depth-before-try',
    what: 'A try counts its hold before it has the lock.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'const first = this.#holds.first ?? this.#lock.tryAcquire(options)',
    to: `
      this.memory.store(this.index + DEPTH, this.#holds.guards.length + 1)
      const first = this.#holds.first ?? this.#lock.tryAcquire(options)`,
  },
  {
    name: 'rlock-depth-of-the-dead',
    what: 'A new owner counts on from the depth that a dead owner left.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: `
      this.#storeDepth()
      return guard`,
    to: `
      this.memory.add(this.index + DEPTH, 1)
      return guard`,
  },
  {
    name: 'rlock-inner-depth-lost',
    what: 'The release of an inner hold does not count.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: `
      this.#storeDepth()
      if (guards.length > 0) return`,
    to: `
      if (guards.length > 0) return
      this.#storeDepth()`,
  },
  {
    name: 'rlock-inner-release-frees',
    what: 'The release of an inner hold frees the lock.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'if (guards.length > 0) return',
    to: 'if (guards.length > 1) return',
  },
  {
    name: 'rlock-last-level-first',
    what: 'A release frees the lock when one hold is left.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'if (guards.length > 0) return',
    to: 'if (guards.length > 1) return',
  },
  {
    name: 'rlock-releases-at-first',
    what: 'The first release frees the lock for others.',
    check: 'rlock',
    in: 'packages/lock/src',
    from: 'if (guards.length > 0) return',
    to: '',
  },
]
