/** Holds each law against histories that keep it and histories that break it, without any process. */
import { expect, test } from 'vitest'
import { checkSignals } from './check.ts'
import { RESULT } from './entries.ts'
import { numberOf } from './numbers.ts'
import type { Step } from './program.ts'
import { Timeline } from './timeline.ts'
import type { Delivery, Sent, StepRun, Trace } from './trace.ts'

const SENDER = 1000
const RECEIVER = 2000
const RTMIN = numberOf('SIGRTMIN')
const USR2 = numberOf('SIGUSR2')
const WINCH = numberOf('SIGWINCH')
const ALRM = numberOf('SIGALRM')

function trace(parts: Partial<Trace>): Trace {
  return {
    program: { steps: [], senders: [[]], faults: [] },
    steps: [],
    sent: [],
    delivered: [],
    heard: [],
    pending: [],
    death: null,
    end: { received: 100, lost: 0, leftOver: '' },
    pids: [SENDER, RECEIVER],
    ...parts,
  }
}

/** A step that ran from one moment to another, at these microseconds. */
function ran(
  index: number,
  step: Step,
  begin: number,
  end: number,
  more?: Partial<StepRun>,
): StepRun {
  const times = { beginUs: begin * 1000, endUs: end * 1000 }
  return { index, step, begin, end, result: RESULT.done, ...times, ...more }
}

function sent(
  number: number,
  value: number,
  begin: number,
  end: number,
  more?: Partial<Sent>,
): Sent {
  const common = { sender: 0, pid: SENDER, queued: true, result: RESULT.done }
  return { number, value, begin, end, ...common, ...more }
}

function came(number: number, value: number, at: number, more?: Partial<Delivery>): Delivery {
  const common = { pid: SENDER, code: -1, taken: false, installed: -1, us: at * 1000 }
  return { number, value, from: at, to: at, ...common, ...more }
}

const raise: Step = { do: 'raise', signal: 'SIGALRM' }
const raised = came(ALRM, 0, 91, { pid: RECEIVER, code: -6 })
const last = ran(9, raise, 90, 95)
const block: Step = { do: 'mask', how: 'block', set: ['SIGRTMIN', 'SIGUSR2', 'SIGRTMIN+1'] }
const unblock: Step = { ...block, how: 'unblock' }
const shut = [ran(0, block, 1, 2), ran(1, unblock, 20, 30)]

const BROKEN: readonly (readonly [law: string, Partial<Trace>])[] = [
  ['what comes was sent', { delivered: [came(RTMIN, 1, 5)] }],
  ['what comes was sent', { sent: [sent(RTMIN, 1, 6, 7)], delivered: [came(RTMIN, 1, 5)] }],
  ['what comes was sent', { delivered: [came(USR2, 0, 5, { code: 0 })] }],
  [
    'what is sent once comes once',
    { sent: [sent(RTMIN, 1, 1, 2)], delivered: [came(RTMIN, 1, 5), came(RTMIN, 1, 6)] },
  ],
  ['nothing is lost', { sent: [sent(RTMIN, 1, 1, 2)], steps: [last], delivered: [raised] }],
  ['nothing is lost', { sent: [sent(USR2, 1, 1, 2)], steps: [last], delivered: [raised] }],
  [
    'nothing is lost', // one came, but before the second was sent
    {
      sent: [sent(USR2, 1, 1, 2), sent(USR2, 2, 5, 6)],
      steps: [last],
      delivered: [came(USR2, 1, 3), raised],
    },
  ],
  [
    'real-time signals keep their order',
    {
      sent: [sent(RTMIN, 1, 1, 2), sent(RTMIN, 2, 3, 4)],
      delivered: [came(RTMIN, 2, 5), came(RTMIN, 1, 6)],
    },
  ],
  [
    'lower numbers come first',
    {
      steps: shut,
      sent: [sent(RTMIN, 1, 3, 4), sent(RTMIN + 1, 2, 5, 6)],
      delivered: [came(RTMIN + 1, 2, 21), came(RTMIN, 1, 22)],
    },
  ],
  [
    'standard signals merge while they are blocked',
    {
      steps: shut,
      sent: [sent(USR2, 1, 3, 4), sent(USR2, 2, 5, 6)],
      delivered: [came(USR2, 1, 21), came(USR2, 2, 22)],
    },
  ],
  [
    'what is blocked calls no handler',
    { steps: shut, sent: [sent(RTMIN, 1, 3, 4)], delivered: [came(RTMIN, 1, 10)] },
  ],
  [
    'what is not handled calls no handler',
    {
      steps: [ran(0, { do: 'ignore', signal: 'SIGUSR2' }, 1, 2)],
      sent: [sent(USR2, 1, 3, 4)],
      delivered: [came(USR2, 1, 5)],
    },
  ],
  ['only a default action ends a process', { death: 'SIGUSR2', end: null }],
  ['nobody crashes', { death: 'exit code 7', end: null }],
  [
    'a default action ends a process',
    {
      steps: [ran(0, { do: 'default', signal: 'SIGUSR2' }, 1, 2), last],
      sent: [sent(USR2, 1, 3, 4)],
      delivered: [raised],
    },
  ],
  ['listeners hear of what was sent', { heard: [{ number: USR2, at: 5 }] }],
  [
    'a wait keeps its deadline',
    { steps: [ran(0, { do: 'pause', ms: 3 }, 1, 2, { result: RESULT.nothing })] },
  ],
  [
    'a wait takes what is pending',
    {
      steps: [
        ran(0, block, 1, 2),
        ran(1, { do: 'sigwait', set: ['SIGRTMIN'], ms: 0 }, 10, 11, { result: RESULT.nothing }),
      ],
      sent: [sent(RTMIN, 1, 3, 4)],
    },
  ],
  [
    'pause() ends when a handler has run',
    {
      steps: [ran(0, { do: 'pause', ms: 0 }, 1, 9, { result: RESULT.nothing })],
      sent: [sent(RTMIN, 1, 3, 4)],
      delivered: [came(RTMIN, 1, 5)],
    },
  ],
  [
    'an error of a handler ends a wait',
    {
      steps: [ran(0, { do: 'lock', ms: 1, throws: true }, 1, 9, { result: RESULT.nothing })],
      sent: [sent(RTMIN, 1, 3, 4)],
      delivered: [came(RTMIN, 1, 5)],
    },
  ],
  [
    'a lock that is held is not taken',
    { steps: [ran(0, { do: 'lock', ms: 1, throws: false }, 1, 9)] },
  ],
  ['raise() returns after the handler', { steps: [ran(0, raise, 1, 2)] }],
  [
    'sigpending() tells what waits',
    {
      steps: [ran(0, block, 1, 2), ran(1, { do: 'look' }, 10, 11)],
      sent: [sent(RTMIN, 1, 3, 4)],
    },
  ],
  [
    'sigpending() tells what waits',
    { steps: [ran(0, { do: 'look' }, 10, 12)], pending: [{ number: WINCH, at: 11 }] },
  ],
  [
    'a timer is never early',
    {
      steps: [ran(0, { do: 'timer', valueMs: 2, intervalMs: 0 }, 1, 1)],
      delivered: [came(ALRM, 0, 2, { code: 0x80, pid: 0 })],
    },
  ],
  [
    'a timer is never early',
    {
      steps: [ran(0, { do: 'timer', valueMs: 2, intervalMs: 1 }, 1, 1)],
      delivered: [3, 4, 4].map((at) => came(ALRM, 0, at, { code: 0x80, pid: 0 })),
    },
  ],
  ['no overflow', { end: { received: 5, lost: 1, leftOver: '' } }],
  [
    'what comes is counted',
    {
      sent: [sent(RTMIN, 1, 1, 2)],
      delivered: [came(RTMIN, 1, 3)],
      end: { received: 0, lost: 0, leftOver: '' },
    },
  ],
  ['what is given back is as it was', { end: { received: 0, lost: 0, leftOver: '0 → 1' } }],
]

test.each(BROKEN)('%s: what breaks it is found', (law, parts) => {
  expect(checkSignals(trace(parts)).map((found) => found.law)).toContain(law)
})

const KEPT: readonly (readonly [string, Partial<Trace>])[] = [
  ['nothing at all', {}],
  [
    'standard signals that merge',
    {
      steps: [...shut, last],
      sent: [sent(USR2, 1, 3, 4), sent(USR2, 2, 5, 6)],
      delivered: [came(USR2, 1, 21), raised],
    },
  ],
  [
    'calls that overlap, in any order',
    {
      sent: [sent(RTMIN, 1, 1, 4), sent(RTMIN, 2, 2, 3)],
      delivered: [came(RTMIN, 2, 5), came(RTMIN, 1, 6)],
    },
  ],
  [
    'what is ignored vanishes, pending or not',
    {
      steps: [...shut.slice(0, 1), ran(1, { do: 'ignore', signal: 'SIGRTMIN' }, 8, 9), last],
      sent: [sent(RTMIN, 1, 3, 4), sent(RTMIN, 2, 10, 11)],
      delivered: [raised],
    },
  ],
  [
    'a sender that died while it sent',
    { sent: [sent(RTMIN, 1, 1, Infinity, { result: 0 })], steps: [last], delivered: [raised] },
  ],
  [
    'a default action that ends the process',
    {
      steps: [ran(0, { do: 'default', signal: 'SIGUSR2' }, 1, 2)],
      sent: [sent(USR2, 1, 3, 4)],
      death: 'SIGUSR2',
      end: null,
    },
  ],
  [
    'a timer that is late',
    {
      steps: [ran(0, { do: 'timer', valueMs: 2, intervalMs: 1 }, 1, 1)],
      delivered: [50, 50, 50].map((at) => came(ALRM, 0, at, { code: 0x80, pid: 0 })),
    },
  ],
]

test.each(KEPT)('%s breaks no law', (_, parts) => {
  expect(checkSignals(trace(parts))).toEqual([])
})

test('a Timeline knows what may and what must have been', () => {
  const timeline = new Timeline('a', [
    { begin: 10, end: 20, to: 'b' },
    { begin: 30, end: Infinity, to: 'c' },
  ])
  const is = (wanted: string) => (value: string) => value === wanted
  expect(timeline.every(is('a'), 0, 9)).toBe(true)
  expect(timeline.every(is('a'), 0, 10)).toBe(false)
  expect(timeline.some(is('a'), 15)).toBe(true)
  expect(timeline.some(is('b'), 15)).toBe(true)
  expect(timeline.some(is('a'), 21)).toBe(false)
  expect(timeline.sure(is('b'))).toEqual([{ from: 20, to: 30 }])
  expect(timeline.some(is('b'), 1000)).toBe(true) // the last change may not have happened
})
