import { signalTable } from '@ipc/signals'
import { numberOf } from '../numbers.ts'
import { isSent, maySent } from '../trace.ts'
import { nameOfDelivery, violation, type Law } from './law.ts'

/** The handler that is called is the one that is installed. */
export const disposition: Law = (model) =>
  model.trace.delivered.flatMap((delivery) => {
    const { number, taken, installed, to } = delivery
    if (taken || model.handler(number).some((is) => is === installed, to)) return []
    return [violation('what is not handled calls no handler', number, nameOfDelivery(delivery))]
  })

/** No handler runs for a signal that is blocked. */
export const mask: Law = (model) =>
  model.trace.delivered.flatMap((delivery) => {
    const { number, taken, to } = delivery
    if (taken || model.blocked(number).some((is) => !is, to)) return []
    return [violation('what is blocked calls no handler', number, nameOfDelivery(delivery))]
  })

/**
 * A process dies of a signal whose default action is death, if one was sent at that time, and of no other.
 */
export const death: Law = (model) => {
  const { trace } = model
  if (trace.death !== null) {
    const number = numberOf(trace.death)
    if (number === undefined) return [{ law: 'nobody crashes', signal: null, text: trace.death }]
    const isDue =
      isDeadly(number) &&
      model.disposition(number).some((is) => is === 'default', 0, Infinity) &&
      (trace.sent.some((one) => one.number === number && maySent(one)) ||
        trace.steps.some(({ step }) => step.do === 'raise' && numberOf(step.signal) === number))
    return isDue ? [] : [violation('only a default action ends a process', number, 'it died')]
  }
  return trace.sent.filter(isSent).flatMap(({ number, sender, begin, end }) => {
    const drain = model.drainAfter(end, number)
    if (drain === undefined || !isDeadly(number)) return []
    const isDefault = model.disposition(number).every((is) => is === 'default', begin, drain.end)
    if (!isDefault || model.listening(number).some((is) => is, 0, drain.end)) return []
    if (model.waited(number, 0, drain.end)) return []
    const text = `sender ${sender} sent it at ${begin} to ${end}, but the receiver lived on`
    return [violation('a default action ends a process', number, text)]
  })
}

const DEADLY = new Set(
  signalTable()
    .filter(({ action }) => action === 'terminate' || action === 'core')
    .map(({ number }) => number),
)

function isDeadly(number: number): boolean {
  return DEADLY.has(number)
}

/** Listeners of `process.on` hear of no more signals than were sent. */
export const listeners: Law = (model) => {
  const { trace } = model
  const numbers = new Set(trace.heard.map(({ number }) => number))
  return [...numbers].flatMap((number) => {
    const heard = trace.heard.filter((one) => one.number === number)
    const sent = trace.sent.filter((one) => one.number === number && maySent(one)).length
    const raised = trace.steps.filter(
      ({ step }) => step.do === 'raise' && numberOf(step.signal) === number,
    ).length
    if (heard.length > sent + raised) {
      const text = `${heard.length} calls, ${sent + raised} sent`
      return [violation('listeners hear of what was sent', number, text)]
    }
    return []
  })
}
