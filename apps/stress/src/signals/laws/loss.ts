import type { Model } from '../model.ts'
import { isQueueing, isSent, type Sent } from '../trace.ts'
import type { SignalViolation } from '../violation.ts'
import { violation, type Law } from './law.ts'

/**
 * Nothing is lost: a signal that was sent has come when the next step that runs all handlers is over, unless
 * it may have been ignored meanwhile. A standard signal may have come as another one of its number, if that
 * one came after this one was sent.
 */
export const loss: Law = (model) =>
  model.trace.sent.filter(isSent).flatMap((sent) => {
    const { number, begin, end } = sent
    const drain = model.drainAfter(end, number)
    if (drain === undefined) return []
    if (!model.disposition(number).every((is) => is === 'handled', begin, drain.end)) return []
    return isQueueing(number) ? queued(model, sent, drain.end) : merged(model, sent, drain.end)
  })

function queued(model: Model, sent: Sent, by: number): SignalViolation[] {
  const { number, value, pid } = sent
  const come = model.trace.delivered.filter((one) => one.number === number && one.from <= by)
  if (sent.queued) {
    if (come.some((one) => one.value === value)) return []
    return [lost(sent, by)]
  }
  // Signals of `kill` look alike, so this only counts those of one sender: at least as many must have come as
  // were surely sent.
  const due = model.trace.sent.filter(
    (one) => !one.queued && one.pid === pid && one.number === number && one.end <= sent.end,
  )
  const mayBeDropped = due.some(
    (one) => !model.disposition(number).every((is) => is === 'handled', one.begin, by),
  )
  const alike = come.filter((one) => one.code !== -1 && one.pid === pid)
  return mayBeDropped || alike.length >= due.filter(isSent).length ? [] : [lost(sent, by)]
}

function merged(model: Model, sent: Sent, by: number): SignalViolation[] {
  const { number, begin } = sent
  const come = model.trace.delivered.some(
    (one) => one.number === number && one.to > begin && one.from <= by,
  )
  return come ? [] : [lost(sent, by)]
}

function lost(
  { sender, number, value, queued: isQueued, begin, end }: Sent,
  by: number,
): SignalViolation {
  const what = isQueued ? `value ${value}` : 'a kill'
  const text = `${what} of sender ${sender} (moments ${begin} to ${end}) had not come by ${by}`
  return violation('nothing is lost', number, text)
}
