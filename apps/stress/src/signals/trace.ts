import { HANDLED, HEARD, INSTALLED, PENDING, RESULT, STEP, TAKEN } from './entries.ts'
import { RECEIVER, type Entry, type History } from './history.ts'
import { nameOf, numberOf } from './numbers.ts'
import { ALL, allSteps, isRealTime, type SignalProgram, type Step } from './program.ts'
import type { End } from './protocol.ts'

/** One call of `kill` or `sigqueue` of a sender. */
export interface Sent {
  readonly sender: number
  readonly pid: number
  readonly number: number
  readonly queued: boolean
  readonly value: number
  readonly begin: number
  /** Infinity if it did not return. */
  readonly end: number
  readonly result: number
}

/** A call of a handler, or a signal that a wait returned. */
export interface Delivery {
  readonly number: number
  readonly value: number
  readonly pid: number
  readonly code: number
  readonly taken: boolean
  /** The step that installed the handler. */
  readonly installed: number
  /** JavaScript got the signal between these moments. */
  readonly from: number
  readonly to: number
  readonly us: number
}

export interface StepRun {
  readonly index: number
  readonly step: Step
  readonly begin: number
  /** Infinity if it did not return. */
  readonly end: number
  readonly result: number
  readonly beginUs: number
  readonly endUs: number
}

/** The records of one run. */
export interface Trace {
  readonly program: SignalProgram
  readonly steps: readonly StepRun[]
  readonly sent: readonly Sent[]
  readonly delivered: readonly Delivery[]
  readonly heard: readonly { readonly number: number; readonly at: number }[]
  readonly pending: readonly { readonly number: number; readonly at: number }[]
  readonly death: string | null
  readonly end: End | null
  /** The senders' pids, then the receiver's. */
  readonly pids: readonly number[]
}

export const ALL_NUMBERS: readonly number[] = ALL.map(numberOf)

export function isQueueing(number: number): boolean {
  return isRealTime(nameOf(number))
}

export function readTrace(
  history: History,
  program: SignalProgram,
  outcome: Pick<Trace, 'death' | 'end' | 'pids'>,
): Trace {
  const entries = history.entries(RECEIVER)
  const planned = allSteps(program)
  const steps = entries.filter(({ what }) => what === STEP).map((entry) => stepOf(entry, planned))
  const noted = (kind: number): { number: number; at: number }[] =>
    entries.filter(({ what }) => what === kind).map(({ a, begin }) => ({ number: a, at: begin }))
  return {
    program,
    steps,
    sent: program.senders.flatMap((_, sender) =>
      history.entries(sender).map((entry) => sentOf(entry, sender, outcome.pids[sender]!)),
    ),
    delivered: entries
      .filter(({ what }) => what === HANDLED || what === TAKEN)
      .map((entry) => deliveryOf(entry, steps)),
    heard: noted(HEARD),
    pending: noted(PENDING),
    ...outcome,
  }
}

function stepOf({ a, b, begin, end, result, time }: Entry, planned: readonly Step[]): StepRun {
  return {
    index: a,
    step: planned[a]!,
    begin,
    end: end === 0 ? Infinity : end,
    result: end === 0 ? 0 : result,
    beginUs: b,
    endUs: end === 0 ? Infinity : time,
  }
}

function sentOf({ a, b, c, begin, end, result }: Entry, sender: number, pid: number): Sent {
  const returned = end !== 0
  return {
    sender,
    pid,
    number: a,
    value: b,
    queued: c === 1,
    begin,
    end: returned ? end : Infinity,
    result: returned ? result : 0,
  }
}

/** A wait takes a signal at some time before it returns. */
function deliveryOf(entry: Entry, steps: readonly StepRun[]): Delivery {
  const { what, a, b, c, begin, end, result, time } = entry
  const taken = what === TAKEN
  const step = steps.findLast((one) => one.begin < begin)!
  return {
    number: a,
    value: b,
    pid: c,
    code: result,
    taken,
    installed: end - INSTALLED,
    from: taken ? step.begin : begin,
    to: begin,
    us: time,
  }
}

/** Whether it was sent for certain. */
export function isSent({ result }: Sent): boolean {
  return result === RESULT.done
}

/** Whether it may have been sent. */
export function maySent({ result }: Sent): boolean {
  return result === RESULT.done || result === 0
}
