import type { Mutant } from './mutant.ts'

export const CORE: readonly Mutant[] = [
  {
    name: 'block-keeps-a-death-to-itself',
    what: 'A wait that ends does not tell others of the death that woke it: only a wait that goes on does.',
    check: 'openers',
    in: 'packages/core/src',
    from: 'memory.passOnDeaths?.()',
    to: '',
  },
  {
    name: 'core-aborted-call-swallows-wake',
    what: 'The last call of a queue leaves without passing on the wake of its ticket.',
    check: 'lock',
    in: 'packages/core/src',
    from: `
        call.waiting.leave()
      }`,
    to: '}',
  },
  {
    name: 'core-arms-too-late',
    what: 'A blocking wait checks the word, then begins to watch: it misses an owner that dies in between.',
    check: 'lock',
    in: 'packages/core/src',
    from: `
      const watch = memory.arm()
      taken = waiting.attempt(sleep)`,
    to: `
      taken = waiting.attempt(sleep)
      const watch = memory.arm()`,
  },
  {
    name: 'core-async-arms-too-late',
    what: 'A promise checks the word, then begins to watch: it misses an owner that dies in between.',
    check: 'lock',
    in: 'packages/core/src',
    from: `
      const watch = this.#memory.arm()
      const result = call.waiting.attempt(call.sleep)`,
    to: `
      const result = call.waiting.attempt(call.sleep)
      const watch = this.#memory.arm()`,
  },
  {
    name: 'core-block-leaves-silently',
    what: 'A blocking wait that times out passes nothing on.',
    check: 'lock',
    in: 'packages/core/src',
    from: 'if (sleep.slept > 0) waiting.leave()',
    to: 'if (sleep.slept < 0) waiting.leave()',
  },
  {
    name: 'core-serves-one',
    what: 'A wake serves one call, and the queue does not try the next one.',
    check: 'event',
    in: 'packages/core/src',
    from: 'while (this.#first !== null) {',
    to: 'if (this.#first !== null) {',
  },
  {
    name: 'core-ticket-not-forgotten',
    what: 'A queue takes a ticket that has come back to be asleep still.',
    check: 'event',
    in: 'packages/core/src',
    from: 'if (this.#ticket === ticket) this.#ticket = null',
    to: '',
  },
  {
    name: 'core-ticket-swallows-wake',
    what: 'A ticket that wakes with nobody left does not hand the wake on.',
    check: 'lock',
    in: 'packages/core/src',
    from: 'if (this.#first === null) return waiting.leave()',
    to: 'if (this.#first === null) return',
  },
]
