import type { Mutant } from './mutant.ts'

export const OPENERS: readonly Mutant[] = [
  {
    name: 'native-arms-without-the-bit',
    what: 'A sleeper does not set FUTEX_WAITERS: the kernel wakes nobody on the death.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: 'memory.compareExchange(word, value, value | FUTEX_WAITERS)',
    to: 'return value',
  },
  {
    name: 'native-dead-leaves-its-place',
    what: 'An agent that has ended takes itself out of the table: its end is hidden from a sleeper that is about to make its list.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: `
      if (this.#agents.agentIsDead(agent)) return
      for (let i = 0, used = memory.load(places); i < used; i++) {`,
    to: 'for (let i = 0, used = memory.load(places); i < used; i++) {',
  },
  {
    name: 'native-dead-taken-out-silently',
    what: 'An agent that takes a dead one out of the table tells nobody: a sleeper that has read the table, and does not yet sleep, does not watch the newcomer.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: 'this.#agents.wakeAll(livenessOf(slotOf(dead)))',
    to: '',
    also: [
      {
        from: 'if (!allAlive) this.nudgeOpeners()',
        to: '',
      },
    ],
  },
  {
    name: 'native-death-not-passed-on',
    what: 'A sleeper that a death wakes does not wake the others who sleep on it: the kernel wakes one only.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: 'if (this.#memory.load(word) !== alive) this.#memory.unpark(word, 1)',
    to: 'void [word, alive]',
  },
  {
    name: 'native-joins-unseen',
    what: 'An opener that comes later does not change the roster: the sleepers do not watch it.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: `
      this.nudgeOpeners()
      return true`,
    to: 'return true',
  },
  {
    name: 'native-list-kept',
    what: 'A sleeper keeps its list of watched agents when the roster has changed.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: 'if (this.#watch === null || this.#watch.roster !== seen) {',
    to: 'if (this.#watch === null) {',
  },
  {
    name: 'native-nudge-read-late',
    what: 'A sleeper reads its nudge after it has made its list: what it was nudged about in between is lost.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: `
      const nudged = memory.load(nudge)
      if (this.#watch === null || this.#watch.roster !== seen) {
        if (!this.#makeList(seen)) return 'death'
      }`,
    to: `
      if (this.#watch === null || this.#watch.roster !== seen) {
        if (!this.#makeList(seen)) return 'death'
      }
      const nudged = memory.load(nudge)`,
  },
  {
    name: 'native-roster-not-read-again',
    what: 'A sleeper with a list does not check whether the roster is still the one from which it made the list.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: `
      if (memory.load(roster) !== seen) {
        this.#watch = null
        return 'changed'
      }`,
    to: '',
  },
  {
    name: 'native-watches-only-the-owner',
    what: 'A sleeper watches the owner of the lock, and not everybody who has it open.',
    check: 'openers',
    in: 'apps/stress/src/subjects/native',
    from: "import { DATA, nudgeOf, roster, slotOf } from './layout.ts'",
    to: `
      import { AGENT_MASK } from '@ipc/core/author'
      import { DATA, livenessOf, nudgeOf, roster, slotOf } from './layout.ts'`,
    also: [
      {
        from: 'constructor(memory: SimulatedMemory, self: number) {',
        to: `
          #owner = 0

          constructor(memory: SimulatedMemory, self: number) {`,
      },
      {
        from: `
          const watched: Watched[] = []
          if (!this.openers.watchCollect(this.self, (one) => watched.push(one))) return false`,
        to: `
          const alive = this.#owner === 0 ? 0 : this.openers.armLiveness(this.#owner)
          if (alive === 0) return false
          const slot = slotOf(this.#owner)
          const watched = [{ slot, word: livenessOf(slot), alive }]`,
      },
      {
        from: 'if (this.#watch === null || this.#watch.roster !== seen) {',
        to: `
          this.#owner = expected & AGENT_MASK
          {`,
      },
    ],
  },
]
