import type { Mutant } from './mutant.ts'

export const BARRIER: readonly Mutant[] = [
  {
    name: 'barrier-abort-forgotten',
    what: 'An abort just after a round is lost.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'const next = state.isFilling ? BROKEN | round : (state.word & PHASE) | ABORTED | round',
    to: 'const next = state.isFilling ? BROKEN | round : (state.word & PHASE) | round',
  },
  {
    name: 'barrier-death-not-seen',
    what: 'A dead party does not break the round.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: `
      if (this.#words.hasDead) this.#words.breakRound(arrival.round)
      else if (this.#sleepOn(state, sleep)) return undefined`,
    to: 'if (this.#sleepOn(state, sleep)) return undefined',
  },
  {
    name: 'barrier-ends-another-round',
    what: 'A party that finds all places left ends whatever round it is by then.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'if (state.round !== round || !state.isEnding) return',
    to: 'if (!state.isEnding) return',
  },
  {
    name: 'barrier-leaver-does-not-break',
    what: 'A party that gives up does not break the round.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: `
      this.#words.breakRound(arrival.round)
      const ending = this.#words.state.isDraining ? 'passed' : 'broken'`,
    to: "const ending = this.#words.state.isDraining ? 'passed' : 'broken'",
  },
  {
    name: 'barrier-looks-before-leaving',
    what: 'A party that leaves checks for the end of the round before it takes itself out.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: `
      this.#memory.store(this.#firstPlace + place, freeFor(nextRound(round)))
      const { state } = this`,
    to: `
      const { state } = this
      this.#memory.store(this.#firstPlace + place, freeFor(nextRound(round)))`,
  },
  {
    name: 'barrier-next-round-early',
    what: 'The next round begins before all have left.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'if (!this.#isLeft(this.#firstPlace + place, round)) return',
    to: 'if (!this.#isLeft(this.#firstPlace + place, round)) continue',
  },
  {
    name: 'barrier-passes-what-was-broken',
    what: 'The last party to arrive lets a round pass that was broken meanwhile.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'if (!state.isFilling) return false',
    to: '',
  },
  {
    name: 'barrier-place-of-same-round',
    what: 'A place that was left is free for the same round again.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'this.#memory.store(this.#firstPlace + place, freeFor(nextRound(round)))',
    to: 'this.#memory.store(this.#firstPlace + place, freeFor(round))',
  },
  {
    name: 'barrier-sleeps-unannounced',
    what: 'A waiter sleeps without setting WAITERS.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'const expected = word | WAITERS',
    to: 'const expected = word',
  },
  {
    name: 'barrier-slow-arrival',
    what: 'An arrival that was counted already takes itself to be too late.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'if (now.round === state.round && (now.isFilling || now.isDraining)) {',
    to: 'if (now.round === state.round && now.isFilling) {',
  },
  {
    name: 'barrier-waits-for-those-who-never-came',
    what: 'A round that was broken does not end while a place was never taken.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'const nobody = isAgent(there) ? this.#memory.isDead(there) : there === freeFor(round)',
    to: 'const nobody = isAgent(there) && this.#memory.isDead(there)',
  },
  {
    name: 'barrier-wakes-before-change',
    what: 'The last party to arrive wakes the others before it changes the word.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: `
      if (this.#memory.compareExchange(this.#state, word, next) !== word) return false
      if ((word & WAITERS) !== 0) this.#memory.unpark(this.#state, ALL)
      return true`,
    to: `
      if ((word & WAITERS) !== 0) this.#memory.unpark(this.#state, ALL)
      return this.#memory.compareExchange(this.#state, word, next) === word`,
  },
  {
    name: 'barrier-wakes-one',
    what: 'A change of the round wakes one party.',
    check: 'barrier',
    in: 'packages/sync/src',
    from: 'if ((word & WAITERS) !== 0) this.#memory.unpark(this.#state, ALL)',
    to: 'if ((word & WAITERS) !== 0) this.#memory.unpark(this.#state, 1)',
  },
]
