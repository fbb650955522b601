import { counters, givenBack } from './laws/books.ts'
import { death, disposition, listeners, mask } from './laws/disposition.ts'
import type { Law } from './laws/law.ts'
import { loss } from './laws/loss.ts'
import { merging } from './laws/merging.ts'
import { fifo, lowestFirst } from './laws/order.ts'
import { origin } from './laws/origin.ts'
import { timers } from './laws/timers.ts'
import { pending, raised, waits } from './laws/waits.ts'
import { Model } from './model.ts'
import type { Trace } from './trace.ts'
import type { SignalViolation } from './violation.ts'

const LAWS: readonly Law[] = [
  origin,
  loss,
  fifo,
  lowestFirst,
  merging,
  disposition,
  mask,
  death,
  listeners,
  waits,
  raised,
  pending,
  timers,
  counters,
  givenBack,
]

/** Answers with one violation of each law that is broken, as further ones of the same law say no more. */
export function checkSignals(trace: Trace): SignalViolation[] {
  const model = new Model(trace)
  return LAWS.flatMap((law) => law(model).slice(0, 1))
}
