import type { Mutant } from './mutant.ts'

export const AGENTS: readonly Mutant[] = [
  {
    name: 'native-arms-before-it-looks',
    what: "A sleeper checks whether an agent is alive before it reads the agent's word: the word may belong to the next agent.",
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: `
      const value = memory.load(word)
      if (this.#agents.agentIsDead(agent)) return 0`,
    to: `
      if (this.#agents.agentIsDead(agent)) return 0
      const value = memory.load(word)`,
  },
  {
    name: 'native-claims-from-the-living',
    what: 'A claimer goes on when the agent of the slot is alive: that agent may die just then.',
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: `
      if ((seen & 1) === 1 && !this.#certify(slot, seen++)) return false

      if (!trylock(memory, livenessOf(slot))) return false

      let generation = memory.load(generationOf(slot))
      if ((generation & 1) === 1) memory.store(generationOf(slot), ++generation)
      if (generation !== seen) this.#nudgeAll()`,
    to: `
      if ((seen & 1) === 1) this.#certify(slot, seen)

      if (!trylock(memory, livenessOf(slot))) return false

      let generation = memory.load(generationOf(slot))
      if ((generation & 1) === 1) {
        memory.store(generationOf(slot), ++generation)
        this.wakeAll(livenessOf(slot))
      }`,
  },
  {
    name: 'native-claims-unnoticed',
    what: 'A claimer of a slot in which another agent lived meanwhile tells nobody: its own life is taken for that of the dead agent.',
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: 'if (generation !== seen) this.#nudgeAll()',
    to: 'if (generation !== seen) this.wakeAll(livenessOf(slot))',
  },
  {
    name: 'native-garbage-too-soon',
    what: 'A word that names nobody is taken for garbage at once: its agent may have died just then, with another one in its slot.',
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: 'const GARBAGE = 2',
    to: 'const GARBAGE = 1',
  },
  {
    name: 'native-generation-before-trylock',
    what: 'A claimer bumps the generation by itself, before it has the mutex: a late claimer kills the agent that lives there by then.',
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: 'if ((seen & 1) === 1 && !this.#certify(slot, seen++)) return false',
    to: `
      if ((seen & 1) === 1) {
        if ((memory.load(livenessOf(slot)) & FUTEX_OWNER_DIED) === 0) return false
        memory.store(generationOf(slot), ++seen)
      }`,
  },
  {
    name: 'native-generation-read-late',
    what: "The certifier of a death reads the generation after it has seen the word: it may be the next agent's.",
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: 'if (memory.compareExchange(generationOf(slot), generation, generation + 1) === generation) {',
    to: `
      const now = memory.load(generationOf(slot))
      if ((now & 1) === 0) return this.memory.load(generationOf(slot)) !== generation
      if (memory.compareExchange(generationOf(slot), now, now + 1) === now) {`,
  },
  {
    name: 'native-leaver-unlocks',
    what: 'An orderly exit unlocks its mutex before it wakes: killed in between, while another claims the slot, it is forgotten.',
    check: 'agents',
    in: 'apps/stress/src/subjects/native',
    from: 'this.memory.add(generationOf(slot), 1)',
    to: `
      this.memory.add(generationOf(slot), 1)
      if (this.memory.exchange(livenessOf(slot), 0) < 0) this.memory.unpark(livenessOf(slot), 1)`,
  },
]
