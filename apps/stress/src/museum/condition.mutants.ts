import type { Mutant } from './mutant.ts'

export const CONDITION: readonly Mutant[] = [
  {
    name: 'condition-abort-swallows-wake',
    what: 'A waiter that was notified and is aborted passes nothing on.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'if (wasNotified && hasFailed) entries.notifyOldest(1)',
    to: '',
  },
  {
    name: 'condition-deserter-wakes-only',
    what: 'A waiter that leaves without the lock wakes the sleepers and does not poke: a waiter that is just going to sleep misses it.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'this.#memory.or(other + TICKET, POKED)',
    to: '',
  },
  {
    name: 'condition-deserts-too-late',
    what: 'A waiter that leaves without the lock checks whether it was notified before it says that it is gone.',
    check: 'condition',
    in: 'packages/sync/src',
    from: `
      this.#memory.store(entry + AGENT, GONE)
      if (!this.isNotified(entry)) return`,
    to: `
      const isNotifiedNow = this.isNotified(entry)
      this.#memory.store(entry + AGENT, GONE)
      if (!isNotifiedNow) return`,
  },
  {
    name: 'condition-keeps-entry',
    what: 'A waiter that goes on stays in the list.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'entries.free(entry)',
    to: 'if (hasFailed) entries.free(entry)',
  },
  {
    name: 'condition-marks-without-looking',
    what: 'A waiter that dies just before it is marked takes a wake with it.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'if (this.#isLeft(this.#memory.load(entry + AGENT))) {',
    to: 'if (this.#memory.load(entry + AGENT) === GONE) {',
  },
  {
    name: 'condition-newest-first',
    what: 'A notifier wakes the newest waiter first.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'return waiters.length > 1 ? waiters.toSorted((a, b) => b.age - a.age) : waiters',
    to: 'return waiters.length > 1 ? waiters.toSorted((a, b) => a.age - b.age) : waiters',
  },
  {
    name: 'condition-notifies-one',
    what: 'notify(n) wakes one.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'this.#entries.notifyOldest(count)',
    to: 'this.#entries.notifyOldest(count > 0 ? 1 : 0)',
  },
  {
    name: 'condition-orphan-forgets-owner',
    what: 'A waiter that took over the wake of an orphan, and the lock of a dead owner, goes back to sleep.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'if (!entries.isNotified(entry) && !hasOwnerDied) return undefined',
    to: 'if (!entries.isNotified(entry)) return undefined',
  },
  {
    name: 'condition-orphan-not-seen',
    what: 'The sleepers do not pass on the wake of a waiter that died after it was notified.',
    check: 'condition',
    in: 'packages/sync/src',
    from: "if (this.#entries.hasOrphan) return 'orphaned'",
    to: '',
  },
  {
    name: 'condition-owner-death-not-seen',
    what: 'The owner of the lock dies before it notifies, and the waiters sleep on.',
    check: 'condition',
    in: 'packages/sync/src',
    from: "if (suspended.hasOwnerDied()) return 'owner died'",
    to: '',
  },
  {
    name: 'condition-poke-taken-too-late',
    what: 'A waiter takes its poke after it has looked for orphans.',
    check: 'condition',
    in: 'packages/sync/src',
    from: `
      const ticket = this.#entries.takePoke(this.#entry)
      if (isNotified(ticket)) return 'notified'
      if (suspended.hasOwnerDied()) return 'owner died'
      if (this.#entries.hasOrphan) return 'orphaned'`,
    to: `
      if (this.#entries.isNotified(this.#entry)) return 'notified'
      if (suspended.hasOwnerDied()) return 'owner died'
      if (this.#entries.hasOrphan) return 'orphaned'
      const ticket = this.#entries.takePoke(this.#entry)
      if (isNotified(ticket)) return 'notified'`,
  },
  {
    name: 'condition-tickets-alike',
    what: 'All waiters have the same ticket: the first entry is woken, not the oldest.',
    check: 'condition',
    in: 'packages/sync/src',
    from: 'this.#memory.store(this.#index + NEXT_TICKET, (ticket + 1) & NUMBER)',
    to: 'this.#memory.store(this.#index + NEXT_TICKET, ticket & NUMBER)',
  },
  {
    name: 'condition-told-only-the-first',
    what: 'Waiters that find the lock in living hands again do not see that an owner died.',
    check: 'condition',
    in: 'packages/lock/src',
    from: 'hasOwnerDied: () => this.isAbandoned || this.#deaths !== deaths,',
    to: 'hasOwnerDied: () => this.isAbandoned,',
  },
  {
    name: 'condition-wakes-before-mark',
    what: 'A notifier wakes a waiter before it marks its entry.',
    check: 'condition',
    in: 'packages/sync/src',
    from: `
      this.#memory.or(entry + TICKET, NOTIFIED)
      if (this.#isLeft(this.#memory.load(entry + AGENT))) {
        this.#memory.and(entry + TICKET, ~NOTIFIED)
      } else {
        this.#wake(entry)`,
    to: `
      this.#wake(entry)
      this.#memory.or(entry + TICKET, NOTIFIED)
      if (this.#isLeft(this.#memory.load(entry + AGENT))) {
        this.#memory.and(entry + TICKET, ~NOTIFIED)
      } else {`,
  },
  {
    name: 'rlock-depth-cleared-late',
    what: 'A wait that gives up an RLock clears the depth when another thread may have the lock.',
    check: 'condition',
    in: 'packages/lock/src',
    from: `
      this.#storeDepth()
      const suspended = this.#lock.suspend(first, toBlock)`,
    to: `
      const suspended = this.#lock.suspend(first, toBlock)
      this.#storeDepth()`,
  },
  {
    name: 'rlock-depth-not-back',
    what: 'After a wait an RLock is held as often as before, and its depth says 0.',
    check: 'condition',
    in: 'packages/lock/src',
    from: `
        this.#storeDepth()
      }`,
    to: '}',
  },
  {
    name: 'rlock-levels-back-early',
    what: 'A wait puts the levels of an RLock back before it has the lock.',
    check: 'condition',
    in: 'packages/lock/src',
    from: 'resume: (failures) => (suspended.resume(failures), takeBack()),',
    to: 'resume: (failures) => (takeBack(), suspended.resume(failures)),',
  },
  {
    name: 'rlock-takes-one-back',
    what: 'A wait gives up all levels of an RLock, and takes one back.',
    check: 'condition',
    in: 'packages/lock/src',
    from: 'holds.guards.push(...guards)',
    to: 'holds.guards.push(guards[0]!)',
  },
]
