import { RESULT } from '../entries.ts'
import type { Model } from '../model.ts'
import { numberOf } from '../numbers.ts'
import { TIMER, type Step } from '../program.ts'
import { ALL_NUMBERS, type StepRun } from '../trace.ts'
import type { SignalViolation } from '../violation.ts'
import { violation, type Law } from './law.ts'

/** Waits end when they should, and not before. */
export const waits: Law = (model) =>
  model.trace.steps
    .filter(({ end }) => end < Infinity)
    .flatMap((run) => [...tooEarly(run), ...notTaken(model, run), ...notEnded(model, run)])

function tooEarly({ step, index, result, beginUs, endUs }: StepRun): SignalViolation[] {
  if (!('ms' in step) || result !== RESULT.nothing) return []
  const tookUs = endUs - beginUs
  if (tookUs >= step.ms * 1000) return []
  const text = `step ${index} gave up after ${tookUs} µs, not ${step.ms} ms`
  return [{ law: 'a wait keeps its deadline', signal: null, text }]
}

/** A signal that is blocked and pending when somebody begins to wait for it is taken at once. */
function notTaken(model: Model, run: StepRun): SignalViolation[] {
  const { step, index, result, begin } = run
  if (!isSigwait(step) || result !== RESULT.nothing) return []
  return step.set
    .map(numberOf)
    .filter((number) => model.mustBePending(number, begin))
    .map((number) => {
      const text = `step ${index} waited for it in vain, although one was pending`
      return violation('a wait takes what is pending', number, text)
    })
}

/** `pause` and an error of a handler end the wait that they interrupt. */
function notEnded(model: Model, { step, index, result, begin, end }: StepRun): SignalViolation[] {
  const handled = model.trace.delivered.filter(
    (one) => !one.taken && one.to > begin && one.to < end,
  )
  const wrong = (law: string): SignalViolation[] => {
    const text = `step ${index} ended with ${NAMES.get(result)}, and ${handled.length} handlers ran`
    return [{ law, signal: handled[0]?.number ?? null, text }]
  }
  if (step.do === 'pause' && (result === RESULT.done) !== handled.length > 0) {
    return wrong('pause() ends when a handler has run')
  }
  if (step.do === 'lock' && step.throws && (result === RESULT.threw) !== handled.length > 0) {
    return wrong('an error of a handler ends a wait')
  }
  if (step.do === 'lock' && (result === RESULT.done || (result === RESULT.threw && !step.throws))) {
    return wrong('a lock that is held is not taken')
  }
  return []
}

const NAMES = new Map<number, string>(Object.entries(RESULT).map(([name, code]) => [code, name]))

function isSigwait(step: Step): step is Extract<Step, { do: 'sigwait' | 'sigwaitAsync' }> {
  return step.do === 'sigwait' || step.do === 'sigwaitAsync'
}

/** `raise` returns after the handler. */
export const raised: Law = (model) =>
  model.trace.steps.flatMap(({ step, index, begin, end }) => {
    if (step.do !== 'raise' || end === Infinity) return []
    const number = numberOf(step.signal)
    const isHandled = model.disposition(number).every((is) => is === 'handled', begin)
    if (!isHandled || model.blocked(number).some((is) => is, begin)) return []
    const own = model.trace.pids.at(-1)
    const ran = model.trace.delivered.some(
      (one) => one.number === number && one.pid === own && one.from > begin && one.to < end,
    )
    if (ran) return []
    return [violation('raise() returns after the handler', number, `step ${index} did not`)]
  })

/** `sigpending` names all signals that are blocked and pending, and no others. */
export const pending: Law = (model) =>
  model.trace.steps.flatMap((run) => {
    if (run.step.do !== 'look' || run.end === Infinity) return []
    const named = new Set(
      model.trace.pending
        .filter(({ at }) => at > run.begin && at < run.end)
        .map(({ number }) => number),
    )
    const law = 'sigpending() tells what waits'
    const missing = ALL_NUMBERS.filter(
      (number) => !named.has(number) && model.mustBePending(number, run.begin),
    )
    const wrong = [...named].filter((number) => !mayBePending(model, run, number))
    return [
      ...missing.map((number) => violation(law, number, `step ${run.index} did not see it`)),
      ...wrong.map((number) =>
        violation(law, number, `step ${run.index} saw it, though it is not blocked or not sent`),
      ),
    ]
  })

function mayBePending(model: Model, { begin, end }: StepRun, number: number): boolean {
  if (!model.blocked(number).some((is) => is, begin)) return false
  return (
    number === numberOf(TIMER) ||
    model.trace.sent.some((sent) => sent.number === number && sent.begin < end) ||
    model.trace.steps.some(
      ({ step, begin: at }) => step.do === 'raise' && numberOf(step.signal) === number && at < end,
    )
  )
}
