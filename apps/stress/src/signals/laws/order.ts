import type { Model } from '../model.ts'
import { nameOf } from '../numbers.ts'
import { isQueueing, type Delivery, type Sent } from '../trace.ts'
import { nameOfDelivery, violation, type Law } from './law.ts'

interface Queued {
  readonly delivery: Delivery
  readonly sent: Sent
}

/** Real-time signals of one number come in the order in which they were sent. */
export const fifo: Law = (model) => {
  const queued = queuedOf(model).filter(({ delivery }) => isQueueing(delivery.number))
  return queued.flatMap((late, i) => {
    const early = queued.find(
      (one, j) =>
        i !== j &&
        one.delivery.number === late.delivery.number &&
        one.sent.end < late.sent.begin &&
        one.delivery.from > late.delivery.to,
    )
    if (early === undefined) return []
    const text = `${nameOfDelivery(late.delivery)} came before ${nameOfDelivery(early.delivery)}, which was sent before it`
    return [violation('real-time signals keep their order', late.delivery.number, text)]
  })
}

/** Of the signals that wait when a step unblocks them, the lower numbers come first. */
export const lowestFirst: Law = (model) => {
  const queued = queuedOf(model)
  return model.trace.steps
    .filter(({ step }) => step.do === 'mask')
    .flatMap(({ begin, end }) => {
      const due = queued.filter(
        ({ delivery, sent }) =>
          !delivery.taken &&
          delivery.to > begin &&
          delivery.to < end &&
          wasShut(model, sent, begin),
      )
      return due.flatMap(({ delivery }, i) => {
        const before = due[i - 1]?.delivery
        if (before === undefined || before.number <= delivery.number) return []
        const text = `came after ${nameOf(before.number)}, although both were pending`
        return [violation('lower numbers come first', delivery.number, text)]
      })
    })
}

/** Whether it was sent while it was blocked, and stayed blocked up to this moment. */
function wasShut(model: Model, { number, begin, end }: Sent, until: number): boolean {
  return model.closed(number).some(({ from, to }) => begin > from && end < to && to === until)
}

function queuedOf(model: Model): Queued[] {
  return model.trace.delivered.flatMap((delivery) => {
    const sent = model.sentOf(delivery)
    return sent === undefined ? [] : [{ delivery, sent }]
  })
}
