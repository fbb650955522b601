import type { Mutant } from './mutant.ts'

export const BOUNDED: readonly Mutant[] = [
  {
    name: 'bounded-checks-once',
    what: 'A release checks for room, then adds to whatever the value has become.',
    check: 'bounded',
    in: 'packages/semaphore/src',
    from: 'if (!this.#change(word, plus(word, count) & ~WAITERS)) continue',
    to: `
      if (!this.#change(word, plus(word, count) & ~WAITERS)) {
        this.#memory.add(this.#index, count)
        return
      }`,
  },
  {
    name: 'bounded-one-too-many',
    what: 'One permit more than at first may be released.',
    check: 'bounded',
    in: 'packages/semaphore/src',
    from: 'if (count <= this.#terms.limit - free) return',
    to: 'if (count <= this.#terms.limit - free + 1) return',
  },
  {
    name: 'bounded-refuses-the-last',
    what: 'The last permit cannot be released.',
    check: 'bounded',
    in: 'packages/semaphore/src',
    from: 'if (count <= this.#terms.limit - free) return',
    to: 'if (count < this.#terms.limit - free) return',
  },
  {
    name: 'bounded-unchecked',
    what: 'A release checks no bound.',
    check: 'bounded',
    in: 'packages/semaphore/src',
    from: 'this.#roomFor(count, word)',
    to: '',
  },
]
