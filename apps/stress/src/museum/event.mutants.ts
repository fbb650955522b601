import type { Mutant } from './mutant.ts'

export const EVENT: readonly Mutant[] = [
  {
    name: 'event-announce-stores',
    what: 'A waiter stores the word with WAITERS.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'if (word === announced || this.memory.compareExchange(this.index, word, announced) === word) {',
    to: `
      if (word !== announced) this.memory.store(this.index, announced)
      {`,
  },
  {
    name: 'event-clear-drops-waiters',
    what: 'clear() also clears WAITERS: the next set() does not wake the sleepers.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'this.memory.and(this.index, ~SET)',
    to: 'this.memory.and(this.index, TIMES)',
  },
  {
    name: 'event-clear-resets',
    what: 'clear() stores 0.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'this.memory.and(this.index, ~SET)',
    to: 'this.memory.store(this.index, 0)',
  },
  {
    name: 'event-forgets-since',
    what: 'A waiter remembers the count from its latest load, not from its first.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'if (isSet(word) || timesOf(word) !== since) return true',
    to: 'if (isSet(word) || (sleep.slept === 0 && timesOf(word) !== since)) return true',
  },
  {
    name: 'event-lost-pulse',
    what: 'A waiter checks only whether the event is set: set() and clear() pass it by.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'if (isSet(word) || timesOf(word) !== since) return true',
    to: 'if (isSet(word)) return true',
  },
  {
    name: 'event-set-keeps-times',
    what: 'set() does not count.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'const next = SET | ((word + 1) & TIMES)',
    to: 'const next = SET | (word & TIMES)',
  },
  {
    name: 'event-set-stores',
    what: 'set() stores what it computed.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'if (this.memory.compareExchange(this.index, word, next) !== word) continue',
    to: 'this.memory.store(this.index, next)',
  },
  {
    name: 'event-wakes-before-set',
    what: 'set() wakes the waiters before it sets the event.',
    check: 'event',
    in: 'packages/sync/src',
    from: `
      if (this.memory.compareExchange(this.index, word, next) !== word) continue
      if ((word & WAITERS) !== 0) this.memory.unpark(this.index, ALL)`,
    to: `
      if ((word & WAITERS) !== 0) this.memory.unpark(this.index, ALL)
      if (this.memory.compareExchange(this.index, word, next) !== word) continue`,
  },
  {
    name: 'event-wakes-one',
    what: 'set() wakes one waiter.',
    check: 'event',
    in: 'packages/sync/src',
    from: 'if ((word & WAITERS) !== 0) this.memory.unpark(this.index, ALL)',
    to: 'if ((word & WAITERS) !== 0) this.memory.unpark(this.index, 1)',
  },
]
