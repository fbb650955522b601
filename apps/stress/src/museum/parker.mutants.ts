import type { Mutant } from './mutant.ts'

export const PARKER: readonly Mutant[] = [
  {
    name: 'native-parker-called-without-trace',
    what: 'A parking thread that is about to sleep is not told of a new ticket: the word on which it sleeps stays as it was.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'memory.add(at.control, 1)',
    to: '',
  },
  {
    name: 'native-parker-forgets-at-once',
    what: 'A thread that ends, or closes an object, leaves a ticket that was cancelled just before to the parking thread, and does not tell it: the wake stays there.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'if (state === WAITING || state === CANCELLED) any = true',
    to: 'if (state === WAITING) any = true',
  },
  {
    name: 'native-parker-frees-passed',
    what: 'A ticket whose wake was passed on is freed; its thread takes it from the sink later.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'if (state !== TAKEN && state !== CANCELLED) continue',
    to: 'if (state === WAITING || state === RUNG) continue',
  },
  {
    name: 'native-parker-never-passes',
    what: 'A wake stays with the ticket that it was given to, though its event loop is busy.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'if (this.#passOn(word)) next = SOON',
    to: '',
  },
  {
    name: 'native-parker-passes-once',
    what: 'A wake that a busy event loop does not take is passed on only once, while the other sleeper is still about to sleep.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'const MOST_PASSES = 2',
    to: 'const MOST_PASSES = 1',
  },
  {
    name: 'native-parker-passes-only-outside',
    what: 'A parking thread passes a wake on while it is awake, and forgets that another ticket of its own sleeps on the word.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'if (ticket !== undefined) this.#sinks.ring(ticket)',
    to: '',
  },
  {
    name: 'native-parker-rings-twice',
    what: 'A wake is given to a ticket that was rung already.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: `
          this.#process.ticket(ticket).word === word && this.#process.stateOf(ticket) === WAITING,
      )`,
    to: `
          this.#process.ticket(ticket).word === word && this.#process.stateOf(ticket) !== CANCELLED,
      )`,
  },
  {
    name: 'native-parker-roster-unread',
    what: 'A ticket sleeps though the opener table has changed since its thread read it.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: `
      if (
        memory.load(word) !== this.#process.expectedOf(ticket) ||
        memory.load(roster) !== before.roster
      ) {
        this.#sinks.ring(ticket)
      }`,
    to: 'if (memory.load(word) !== this.#process.expectedOf(ticket)) this.#sinks.ring(ticket)',
  },
  {
    name: 'native-parker-swallows-cancelled',
    what: 'Nobody gets the wake that a cancelled ticket has consumed.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'if (state === CANCELLED && sleptOn) this.#passOn(word)',
    to: '',
    also: [
      {
        from: `
          if (ticket === undefined) memory.unpark(word, 1)
          else this.#sinks.ring(ticket)`,
        to: 'if (ticket !== undefined) this.#sinks.ring(ticket)',
      },
    ],
  },
  {
    name: 'native-sink-swallows-rung',
    what: 'A thread ends, and the wake for which its ticket was rung is lost with it.',
    check: 'parker',
    in: 'apps/stress/src/subjects/native',
    from: 'memory.unpark(this.#process.ticket(ticket).word, 1)',
    to: '',
  },
]
