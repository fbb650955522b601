import * as fc from 'fast-check'
import { ALL, MAX_SENDERS, MAX_SENDS, MAX_STEPS, SENT, STANDARD } from './program.ts'
import type { Send, SignalFault, SignalProgram, Step } from './program.ts'

const anySent = fc.constantFrom(...SENT)
const someSignals = fc.uniqueArray(fc.constantFrom(...ALL), { minLength: 1, maxLength: 4 })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: mask('block', 'set') },
  { weight: 5, arbitrary: mask('unblock', 'set') },
  { weight: 5, arbitrary: fc.constant<Step>({ do: 'meet' }) },
  { weight: 4, arbitrary: waitFor('sigwait', 'sigwaitAsync') },
  { weight: 4, arbitrary: timer() },
  { weight: 3, arbitrary: last('sleep', 'pause', 'compute') },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lock'), ms: ms(), throws: fc.boolean() }) },
  { weight: 2, arbitrary: on('ignore', anySent) },
  { weight: 3, arbitrary: on('handle', anySent) },
  { weight: 2, arbitrary: on('raise', anySent) },
  { weight: 2, arbitrary: on('listen', fc.constantFrom(...STANDARD)) },
  { weight: 1, arbitrary: on('unlisten', fc.constantFrom(...STANDARD)) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'look' }) },
  { weight: 1, arbitrary: on('default', fc.constantFrom('SIGWINCH', 'SIGWINCH', 'SIGHUP')) },
) as fc.Arbitrary<Step>

function mask(...hows: ('block' | 'unblock' | 'set')[]): fc.Arbitrary<unknown> {
  return fc.record({ do: fc.constant('mask'), how: fc.constantFrom(...hows), set: someSignals })
}

function on(what: Step['do'], signal: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return fc.record({ do: fc.constant(what), signal })
}

function last(...what: Step['do'][]): fc.Arbitrary<unknown> {
  return fc.record({ do: fc.constantFrom(...what), ms: ms() })
}

function waitFor(...what: Step['do'][]): fc.Arbitrary<unknown> {
  return fc.record({ do: fc.constantFrom(...what), set: someSignals, ms: ms() })
}

function timer(): fc.Arbitrary<unknown> {
  return fc.record({
    do: fc.constant('timer'),
    valueMs: fc.constantFrom(0, 0.001, 0.3, 1, 2.5),
    intervalMs: fc.constantFrom(0, 0.2, 1),
  })
}

function ms(): fc.Arbitrary<number> {
  return fc.constantFrom(0, 0.2, 1, 3)
}

const send: fc.Arbitrary<Send> = fc.record({
  at: fc.nat(MAX_STEPS),
  signal: anySent,
  how: fc.constantFrom('queue', 'queue', 'kill', 'ref'),
  count: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 2, arbitrary: fc.integer({ min: 5, max: 40 }) },
    { weight: 1, arbitrary: fc.constant(200) },
  ),
  gapMs: fc.constantFrom(0, 0, 0, 0.05),
})

const fault: fc.Arbitrary<SignalFault> = fc.oneof(
  fc.record({
    what: fc.constant('stop' as const),
    afterMs: fc.nat(6),
    forMs: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({
    what: fc.constant('kill' as const),
    sender: fc.nat(MAX_SENDERS - 1),
    afterMs: fc.nat(6),
  }),
)

/** Makes random programs; `faults` says whether the receiver is stopped and senders are killed. */
export function signalPrograms(faults: boolean): fc.Arbitrary<SignalProgram> {
  const some = fc.oneof(
    { weight: 3, arbitrary: fc.constant<SignalFault[]>([]) },
    { weight: 1, arbitrary: fc.array(fault, { minLength: 1, maxLength: 2 }) },
  )
  return fc
    .record({
      steps: fc.array(step, { minLength: 1, maxLength: MAX_STEPS }),
      senders: fc.array(fc.array(send, { minLength: 1, maxLength: 6 }), {
        minLength: 1,
        maxLength: MAX_SENDERS,
      }),
      faults: faults ? some : fc.constant<SignalFault[]>([]),
    })
    .map(({ steps, senders, faults: all }) => ({
      steps,
      senders: senders.map((sends) => fitSends(sends, steps.length)),
      faults: all.filter((one) => one.what === 'stop' || one.sender < senders.length),
    }))
}

/**
 * Puts the sends in the order of their steps, none after the last step, and keeps no more than there is room
 * for.
 */
function fitSends(sends: readonly Send[], steps: number): Send[] {
  let left = MAX_SENDS
  return sends
    .map((one) => ({ ...one, at: one.at % steps }))
    .toSorted((a, b) => a.at - b.at)
    .map((one) => {
      const count = Math.min(one.count, left)
      left -= count
      return { ...one, count }
    })
    .filter(({ count }) => count > 0)
}
