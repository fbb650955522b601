import { isQueueing, maySent, type Delivery, type Trace } from '../trace.ts'
import { nameOfDelivery, violation, type Law } from './law.ts'

const SI_USER = 0
const SI_QUEUE = -1
const SI_TKILL = -6

/** A signal that comes was sent before by the sender that it names, and comes once. */
export const origin: Law = ({ trace }) => {
  const seen = new Set<number>()
  return trace.delivered.flatMap((delivery, i) => {
    const { number, code, value } = delivery
    const text = wrong(trace, delivery, i)
    if (text !== null) return [violation('what comes was sent', number, text)]
    if (code !== SI_QUEUE) return []
    if (seen.has(value)) {
      return [violation('what is sent once comes once', number, nameOfDelivery(delivery))]
    }
    seen.add(value)
    return []
  })
}

function wrong(trace: Trace, delivery: Delivery, i: number): string | null {
  const { number, code, pid, to } = delivery
  const own = trace.pids.at(-1)
  if (code === SI_QUEUE) {
    const sent = trace.sent.find(
      (one) => one.queued && one.number === number && one.value === delivery.value,
    )
    if (sent === undefined || sent.pid !== pid || sent.begin > to || !maySent(sent)) {
      return `nobody sent ${nameOfDelivery(delivery)}`
    }
  } else if (code === SI_USER) {
    // A standard signal may come without its sender when the kernel has no memory for that.
    if (pid === 0 && !isQueueing(number)) return null
    const isAlike = (one: Delivery): boolean =>
      one.number === number && one.code === code && one.pid === pid
    const come = trace.delivered.slice(0, i + 1).filter(isAlike).length
    const sent = trace.sent.filter(
      (one) => !one.queued && one.pid === pid && one.number === number && one.begin < to,
    )
    if (come > sent.filter(maySent).length) return `${come} came from ${pid}, which sent fewer`
  } else if (code === SI_TKILL && pid !== own) {
    return `raised by ${pid}, which is another process`
  }
  return null
}
