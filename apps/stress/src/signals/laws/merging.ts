import { ALL_NUMBERS, isQueueing, maySent } from '../trace.ts'
import { violation, type Law } from './law.ts'

/** Standard signals that are sent while they are blocked come once. */
export const merging: Law = (model) =>
  ALL_NUMBERS.filter((number) => !isQueueing(number)).flatMap((number) => {
    const sent = model.trace.sent.filter((one) => one.number === number && maySent(one))
    const closed = model.closed(number)
    const merged = new Set<number>()
    let most = 0
    for (const { begin, end } of sent) {
      const i = closed.findIndex(({ from, to }) => begin > from && end < to)
      if (i < 0) most++
      else merged.add(i)
    }
    most += merged.size
    const come = model.trace.delivered.filter(
      ({ number: of, code }) => of === number && (code === 0 || code === -1),
    ).length
    if (come <= most) return []
    const text = `${come} came, but of those that were sent at most ${most} could`
    return [violation('standard signals merge while they are blocked', number, text)]
  })
