import type { Mutant } from './mutant.ts'

export const RWLOCK: readonly Mutant[] = [
  {
    name: 'rwlock-blocks-on-own-call',
    what: 'A thread that blocks to write waits for its own call that was let in to read.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'if (sleep.blocking) this.#reader.holdBackCalls()',
    to: '',
  },
  {
    name: 'rwlock-dead-reader-stays',
    what: 'The share of a dead reader is not returned.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      return (
        this.memory.isDead(agentOf(there)) && this.memory.compareExchange(slot, there, FREE) === there
      )`,
    to: 'return false',
  },
  {
    name: 'rwlock-forgets-dead-writer',
    what: 'A thread that gives WRITER back clears the mark of a writer that died inside.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'this.#words.grantAll()',
    to: `
      this.#words.dismissWitness()
      this.#words.grantAll()`,
  },
  {
    name: 'rwlock-grants-after-release',
    what: 'A release lets the readers in when WRITER is free already: the next writer may be inside.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      this.#words.grantAll()
      super.releaseHold()`,
    to: `
      super.releaseHold()
      this.#words.grantAll()`,
  },
  {
    name: 'rwlock-grants-nobody',
    what: 'A release lets in nobody, and only makes the readers check again.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'this.#words.grantAll()',
    to: '',
  },
  {
    name: 'rwlock-keeps-witness',
    what: 'A writer that has left stays the witness.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      this.#words.dismissWitness()
      this.beforeRelease()`,
    to: 'this.beforeRelease()',
  },
  {
    name: 'rwlock-leaver-wakes-nobody',
    what: 'The last reader to leave does not wake the writer.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'if (isDrained(this.memory.exchange(slot, FREE))) this.wakeSleepersOn(slot)',
    to: 'this.memory.exchange(slot, FREE)',
  },
  {
    name: 'rwlock-looks-before-announce',
    what: 'A reader checks WRITER before it has stored its slot, and not after.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      if (this.#words.writer === NOBODY) return this.#enter(async)
      this.#withdraw()
      return undefined`,
    to: 'return this.#enter(async)',
  },
  {
    name: 'rwlock-looks-then-leaves',
    what: 'A reader checks whether a writer waits for its slot, then leaves it.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'if (isDrained(this.memory.exchange(slot, FREE))) this.wakeSleepersOn(slot)',
    to: `
      const there = this.memory.load(slot)
      this.memory.store(slot, FREE)
      if (isDrained(there)) this.wakeSleepersOn(slot)`,
  },
  {
    name: 'rwlock-overtakes-for-ever',
    what: 'A release does not let in a reader that just checks whether it must wait.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'if (isDrained(there)) break',
    to: 'if (!isWaiting(there)) break',
  },
  {
    name: 'rwlock-plain-wake',
    what: 'A release uses a plain wake instead of POKE: a reader that is about to sleep misses it.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      if (this.memory.compareExchange(slot, there, there | POKE) === there) {
        this.wakeSleepersOn(slot)
      }`,
    to: 'this.wakeSleepersOn(slot)',
  },
  {
    name: 'rwlock-pokes-before-release',
    what: 'A release pokes the readers before it has freed WRITER: they check it, and sleep again.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      super.releaseHold()
      this.#words.pokeAll()`,
    to: `
      this.#words.pokeAll()
      super.releaseHold()`,
  },
  {
    name: 'rwlock-pokes-nobody',
    what: 'A reader that announces itself after the grants is not woken.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'this.#words.pokeAll()',
    to: '',
  },
  {
    name: 'rwlock-reader-dismisses-late',
    what: 'A reader that was told leaves its slot before it takes its name from WITNESS.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      if (reading.isWitness) this.#words.dismissWitness()
      reading.isWitness = false
      const { slot } = reading
      reading.slot = NO_SLOT
      this.#words.leaveSlot(slot)`,
    to: `
      const { slot } = reading
      reading.slot = NO_SLOT
      this.#words.leaveSlot(slot)
      if (reading.isWitness) this.#words.dismissWitness()
      reading.isWitness = false`,
  },
  {
    name: 'rwlock-sleeps-when-poked',
    what: 'A reader that was poked sleeps on, without checking WRITER again.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      if (slot === announced) {
        sleep.on(reading.slot, announced)`,
    to: `
      if (isWaiting(slot)) {
        sleep.on(reading.slot, slot)`,
  },
  {
    name: 'rwlock-sleeps-without-drain',
    what: 'A writer sleeps on a slot without DRAIN.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'const announced = there | DRAIN',
    to: 'const announced = there',
  },
  {
    name: 'rwlock-steps-back-silently',
    what: 'A reader that steps back for a writer does not wake it.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'if (isDrained(slot)) this.#words.wakeSleepersOn(reading.slot)',
    to: '',
  },
  {
    name: 'rwlock-takes-over-late',
    what: 'A reader that takes over from a dead writer frees WRITER before its slot says that it reads.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      this.memory.exchange(this.#reading.slot, this.#words.me)
      this.#writerLock.giveBack()`,
    to: `
      this.#writerLock.giveBack()
      this.memory.exchange(this.#reading.slot, this.#words.me)`,
  },
  {
    name: 'rwlock-takes-wait-back-unseen',
    what: 'A reader that sees no writer any more takes WAIT back, and does not check again.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'wasWaiting = !this.#change(slot, this.#words.me)',
    to: `
      if (this.#change(slot, this.#words.me)) return this.#enter(async)
      wasWaiting = true`,
  },
  {
    name: 'rwlock-wakes-before-grant',
    what: 'A release wakes a reader, then lets it in.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      if (this.memory.compareExchange(slot, there, granted) !== there) continue
      if (isWaiting(there)) this.wakeSleepersOn(slot)`,
    to: `
      if (isWaiting(there)) this.wakeSleepersOn(slot)
      if (this.memory.compareExchange(slot, there, granted) !== there) continue`,
  },
  {
    name: 'rwlock-witness-dismissed-late',
    what: 'A writer frees WRITER before it takes its name from WITNESS.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: `
      this.#words.dismissWitness()
      this.beforeRelease()
      this.giveBack()`,
    to: `
      this.beforeRelease()
      this.giveBack()
      this.#words.dismissWitness()`,
  },
  {
    name: 'rwlock-writer-looks-once',
    what: 'A writer checks the readers before it has WRITER, and not after.',
    check: 'rwlock',
    in: 'packages/lock/src',
    from: 'if (!this.#words.hasReaders) return this.#lock.enter(taken)',
    to: 'if (taken.held) return this.#lock.enter(taken)',
  },
]
