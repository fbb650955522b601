import type { Mutant } from './mutant.ts'

export const WEBLOCKS: readonly Mutant[] = [
  {
    name: 'weblocks-sleeps-unannounced',
    what: 'A client sleeps without the bit in BELL: nobody wakes it.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'const announced = memory.or(this.bell, SLEEPS) | SLEEPS',
    to: 'const announced = memory.load(this.bell)',
  },
  {
    name: 'weblocks-looks-before-announcing',
    what: 'A client looks into its inbox, then announces that it sleeps: a grant in between wakes nobody.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: `
      const announced = memory.or(this.bell, SLEEPS) | SLEEPS
      if (memory.load(this.mine + INBOX) !== 0 || mustEnter()) {`,
    to: `
      const hasMail = memory.load(this.mine + INBOX) !== 0
      const announced = memory.or(this.bell, SLEEPS) | SLEEPS
      if (hasMail || mustEnter()) {`,
  },
  {
    name: 'weblocks-wakes-nobody',
    what: 'A ring of a sleeper is not followed by a wake.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'for (const bell of this.#rung) this.#memory.unpark(bell, 1)',
    to: '',
  },
  {
    name: 'weblocks-sleeps-beside-the-dead',
    what: 'A client that lies down does not look who has died.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'if (memory.load(this.mine + INBOX) !== 0 || mustEnter()) {',
    to: 'if (memory.load(this.mine + INBOX) !== 0) {',
  },
  {
    name: 'weblocks-overtakes-the-queue',
    what: 'A request is granted though others wait for the name.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: `return this.memory.get(resource + WAIT_LIST) === 0 && this.#isCompatible(resource, shared)`,
    to: 'return this.#isCompatible(resource, shared)',
  },
  {
    name: 'weblocks-shares-with-a-writer',
    what: 'A shared request is granted beside an exclusive holder.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'return owner === TOMBSTONE || (shared && isShared(owner))',
    to: 'return owner === TOMBSTONE || shared',
  },
  {
    name: 'weblocks-tombstone-holds',
    what: 'A tombstone keeps others out like a holder.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'return owner === TOMBSTONE || (shared && isShared(owner))',
    to: 'return shared && isShared(owner)',
  },
  {
    name: 'weblocks-grants-one',
    what: 'A release grants only the first of a run of shared requests.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'clients.grant(memory.get(entry + CLIENT), entry)',
    to: 'clients.grant(memory.get(entry + CLIENT), entry); return',
  },
  {
    name: 'weblocks-leaves-silently',
    what: 'A request that is aborted or released grants nobody.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: `
      this.#free(entry)
      this.grantNext(resource)`,
    to: `
      this.#free(entry)
      this.#dropIfUnused(resource)`,
  },
  {
    name: 'weblocks-mourns-a-share',
    what: 'The death of one that shares leaves a tombstone.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'if (!isHeld(owner) || isShared(owner)) return this.#free(entry)',
    to: 'if (!isHeld(owner)) return this.#free(entry)',
  },
  {
    name: 'weblocks-abandoned-not-told',
    what: 'The next holder is not told of the dead one.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: 'if (this.#hasTombstone(list)) memory.set(entry + TOLD, 1)',
    to: '',
  },
  {
    name: 'weblocks-refused-by-the-dead',
    what: 'A request does not bury the dead before it finds the lock held.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: `
      this.sweep()
      resource = names.find(name, hash)`,
    to: 'resource = names.find(name, hash)',
  },
  {
    name: 'weblocks-repair-grants-nobody',
    what: 'After a death inside, what the dead one had not granted is not granted.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: `
      table.forgetTold(resource)
      table.grantNext(resource)`,
    to: 'table.forgetTold(resource)',
  },
  {
    name: 'weblocks-repair-keeps-the-free',
    what: 'After a death inside, the free entries are added to the old list.',
    check: 'weblocks',
    in: 'packages/web-locks/src',
    from: `
      const used = new Set<number>()
      memory.set(layout.base + FREE_ENTRIES, 0)`,
    to: 'const used = new Set<number>()',
  },
]
