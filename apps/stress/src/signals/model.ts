import { FIRST_HANDLERS } from './entries.ts'
import { numberOf } from './numbers.ts'
import { Timeline, type Change } from './timeline.ts'
import {
  ALL_NUMBERS,
  isQueueing,
  isSent,
  type Delivery,
  type Sent,
  type StepRun,
  type Trace,
} from './trace.ts'

export type Disposition = 'handled' | 'ignored' | 'default'

/** The state in which the receiver was at every moment according to POSIX, as far as its steps tell. */
export class Model {
  readonly trace: Trace
  readonly #dispositions: ReadonlyMap<number, Timeline<Disposition>>
  readonly #handlers: ReadonlyMap<number, Timeline<number | null>>
  readonly #blocked: ReadonlyMap<number, Timeline<boolean>>
  readonly #listening: ReadonlyMap<number, Timeline<boolean>>
  readonly #drains: readonly Drain[]

  constructor(trace: Trace) {
    this.trace = trace
    const each = <T>(make: (number: number) => T): Map<number, T> =>
      new Map(ALL_NUMBERS.map((number) => [number, make(number)]))
    this.#dispositions = each((number) => dispositionsOf(number, trace.steps))
    this.#handlers = each((number) => handlersOf(number, trace.steps))
    this.#listening = each((number) => listeningOf(number, trace.steps))
    const masks = masksOf(trace.steps)
    this.#blocked = each((number) => new Timeline(false, blockedOf(number, masks)))
    this.#drains = drainsOf(trace.steps, masks)
  }

  disposition(number: number): Timeline<Disposition> {
    return this.#dispositions.get(number)!
  }

  /** The step that installed the handler; null if there is none. */
  handler(number: number): Timeline<number | null> {
    return this.#handlers.get(number)!
  }

  blocked(number: number): Timeline<boolean> {
    return this.#blocked.get(number)!
  }

  listening(number: number): Timeline<boolean> {
    return this.#listening.get(number)!
  }

  /** The first step from a moment on after which no such signal can be waiting any more. */
  drainAfter(moment: number, number: number): StepRun | undefined {
    return this.#drains.find(
      ({ step, blocks }) => step.begin > moment && step.end < Infinity && !blocks.has(number),
    )?.step
  }

  /**
   * The periods in which the signal could not come: from the end of the step that blocked it to the beginning
   * of the one that unblocked it, unless somebody waited for it meanwhile.
   */
  closed(number: number): { from: number; to: number }[] {
    return this.blocked(number)
      .sure((is) => is)
      .filter(({ from, to }) => !this.waited(number, from, to))
  }

  /** Whether a step waited for it between these moments. */
  waited(number: number, from: number, to: number): boolean {
    return this.trace.steps.some(
      ({ step, begin, end }) =>
        (step.do === 'sigwait' || step.do === 'sigwaitAsync') &&
        step.set.some((name) => numberOf(name) === number) &&
        begin <= to &&
        end >= from,
    )
  }

  /** Whether one must have been pending at this moment; only signals that queue show that. */
  mustBePending(number: number, moment: number): boolean {
    if (!isQueueing(number)) return false
    const shut = this.blocked(number)
      .sure((is) => is)
      .find(({ from, to }) => from < moment && to > moment)
    if (shut === undefined) return false
    return this.trace.sent.some(
      (sent) =>
        isSent(sent) &&
        sent.queued &&
        sent.number === number &&
        sent.begin > shut.from &&
        sent.end < moment &&
        this.disposition(number).every((is) => is === 'handled', sent.begin, moment) &&
        !this.trace.delivered.some((one) => this.sentOf(one) === sent && one.from < moment),
    )
  }

  /** Queued signals carry a value that says which they are. */
  sentOf({ number, value, code }: Delivery): Sent | undefined {
    if (code !== SI_QUEUE) return undefined
    return this.trace.sent.find(
      (sent) => sent.number === number && sent.value === value && sent.queued,
    )
  }
}

const SI_QUEUE = -1

function dispositionsOf(number: number, steps: readonly StepRun[]): Timeline<Disposition> {
  const changes: Change<Disposition>[] = []
  for (const { step, begin, end } of steps) {
    if (!('signal' in step) || numberOf(step.signal) !== number) continue
    const to = DISPOSITIONS.get(step.do)
    if (to !== undefined) changes.push({ begin, end, to })
  }
  return new Timeline<Disposition>('handled', changes)
}

const DISPOSITIONS: ReadonlyMap<string, Disposition> = new Map<string, Disposition>([
  ['handle', 'handled'],
  ['ignore', 'ignored'],
  ['default', 'default'],
])

function handlersOf(number: number, steps: readonly StepRun[]): Timeline<number | null> {
  const changes: Change<number | null>[] = []
  for (const { step, begin, end, index } of steps) {
    if (!('signal' in step) || numberOf(step.signal) !== number) continue
    if (!DISPOSITIONS.has(step.do)) continue
    changes.push({ begin, end, to: step.do === 'handle' ? index : null })
  }
  return new Timeline<number | null>(FIRST_HANDLERS, changes)
}

function listeningOf(number: number, steps: readonly StepRun[]): Timeline<boolean> {
  const changes: Change<boolean>[] = []
  for (const { step, begin, end } of steps) {
    if (step.do !== 'listen' && step.do !== 'unlisten') continue
    if (numberOf(step.signal) === number) changes.push({ begin, end, to: step.do === 'listen' })
  }
  return new Timeline(false, changes)
}

interface Mask {
  readonly run: StepRun
  readonly before: ReadonlySet<number>
  readonly after: ReadonlySet<number>
}

function masksOf(steps: readonly StepRun[]): Mask[] {
  let before: ReadonlySet<number> = new Set()
  return steps.flatMap((run) => {
    const { step } = run
    if (step.do !== 'mask') return []
    const set = new Set(step.set.map(numberOf))
    const after = { block: union(before, set), unblock: minus(before, set), set }[step.how]
    const mask = { run, before, after }
    before = after
    return [mask]
  })
}

function union(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  return new Set([...a, ...b])
}

function minus(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  return new Set([...a].filter((number) => !b.has(number)))
}

function blockedOf(number: number, masks: readonly Mask[]): Change<boolean>[] {
  return masks
    .filter(({ before, after }) => before.has(number) !== after.has(number))
    .map(({ run: { begin, end }, after }) => ({ begin, end, to: after.has(number) }))
}

interface Drain {
  readonly step: StepRun
  /** The signals that are blocked after the step. */
  readonly blocks: ReadonlySet<number>
}

/**
 * The steps that run all handlers: `raise`, and a change of the mask, which asks the kernel, so that the
 * signals that it has for this process are delivered before the call returns.
 */
function drainsOf(steps: readonly StepRun[], masks: readonly Mask[]): Drain[] {
  const ofMasks = new Map(masks.map((mask) => [mask.run, mask]))
  let blocks: ReadonlySet<number> = new Set()
  return steps.flatMap((run) => {
    const mask = ofMasks.get(run)
    if (mask !== undefined) blocks = mask.after
    const changes = mask !== undefined && differ(mask.before, mask.after)
    return changes || run.step.do === 'raise' ? [{ step: run, blocks }] : []
  })
}

function differ(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size !== b.size || [...a].some((number) => !b.has(number))
}
