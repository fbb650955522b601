import * as fc from 'fast-check'
import type {
  AgentSpec,
  ConditionSpec,
  Fault,
  Form,
  Hold,
  How,
  ObjectSpec,
  Operation,
  Placement,
  Program,
  SemaphoreSpec,
  Work,
} from './program.ts'
import { callsOf, isAsync, MAX_CALLS, MAX_STEPS } from './program.ts'

/** The ingredients of which programs may be made. */
export interface Ingredients {
  /** At most this many agents of each kind; without processes there is only thread scope. */
  readonly workers: number
  readonly processes: number
  readonly faults: boolean
}

/**
 * Random programs. The object that an operation meets decides what the operation is, so operations are
 * generated raw and fitted to their object afterwards: then they shrink independently.
 */
export function programs({ workers, processes, faults }: Ingredients): fc.Arbitrary<Program> {
  return fc
    .record({
      processScope: scopes(workers, processes),
      objects: fc.array(rawObject, { minLength: 1, maxLength: 3 }),
      agents: fc.array(rawAgent, { minLength: 2, maxLength: Math.min(6, workers + processes) }),
      faults: faults ? someFaults : fc.constant([]),
    })
    .map((raw) => {
      const objects = raw.objects.map((object) => fitObject(object, raw.processScope))
      const agents = fitAgents(raw.agents, objects, raw.processScope, workers, processes)
      return {
        scope: raw.processScope ? 'process' : 'thread',
        objects,
        agents,
        faults: raw.faults.flatMap((fault) => fitFault(fault, agents)),
      } satisfies Program
    })
}

/** Three programs of four have process scope, where both scopes are possible. */
function scopes(workers: number, processes: number): fc.Arbitrary<boolean> {
  if (workers === 0 || processes === 0) return fc.constant(workers === 0)
  return fc.nat(3).map((i) => i > 0)
}

interface RawObject {
  readonly kind: ObjectSpec['kind']
  readonly placed: Placement
  readonly value: number
  readonly bounded: boolean
  readonly undo: boolean
}

const rawObject: fc.Arbitrary<RawObject> = fc.record({
  kind: fc.constantFrom('lock', 'semaphore', 'event', 'rlock', 'rwlock', 'barrier', 'condition'),
  placed: fc.constantFrom('own', 'named', 'inside'),
  value: fc.integer({ min: 1, max: 3 }),
  bounded: fc.boolean(),
  undo: fc.boolean(),
})

function fitObject(raw: RawObject, processScope: boolean): ObjectSpec {
  const { kind, value, bounded, undo } = raw
  const placed = raw.placed === 'named' && !processScope ? 'own' : raw.placed
  if (kind === 'semaphore') return { kind, placed, value, bounded, undo }
  if (kind === 'condition') return { kind, placed, over: undo ? 'rlock' : 'lock' }
  return kind === 'barrier' ? { kind, placed, parties: value } : { kind, placed }
}

interface RawOperation {
  readonly object: number
  /** Chooses one of the operations that can be done with the object. */
  readonly choice: number
  readonly how: How
  readonly ms: number
  readonly work: Work
  readonly count: number
}

const rawOperation: fc.Arbitrary<RawOperation> = fc.record({
  object: fc.nat(2),
  choice: fc.nat(7),
  how: fc.constantFrom('block', 'try', 'tryFor', 'async', 'tryAsync', 'abort', 'block', 'async'),
  ms: fc.constantFrom(0, 0.1, 0.3, 1),
  work: fc.constantFrom('nothing', 'spin', 'nap', 'yield'),
  count: fc.integer({ min: 1, max: 2 }),
})

interface RawAgent {
  readonly isProcess: boolean
  readonly rounds: number
  readonly tracks: readonly (readonly RawOperation[])[]
}

const rawTrack = fc.array(rawOperation, { minLength: 1, maxLength: 6 })

const rawAgent: fc.Arbitrary<RawAgent> = fc.record({
  isProcess: fc.boolean(),
  rounds: fc.integer({ min: 1, max: 12 }),
  tracks: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(rawTrack) },
    { weight: 1, arbitrary: fc.array(rawTrack, { minLength: 2, maxLength: 3 }) },
  ),
})

/** Keeps no more agents of a kind than there may be; the others become the other kind. */
function fitAgents(
  raws: readonly RawAgent[],
  objects: readonly ObjectSpec[],
  processScope: boolean,
  workers: number,
  processes: number,
): AgentSpec[] {
  let left = { worker: workers, process: processScope ? processes : 0 }
  return raws.flatMap(({ isProcess, rounds, tracks }) => {
    const wanted = isProcess ? 'process' : 'worker'
    const other = isProcess ? 'worker' : 'process'
    const runs = left[wanted] > 0 ? wanted : other
    if (left[runs] === 0) return []
    left = { ...left, [runs]: left[runs] - 1 }
    const fitted = tracks.map((track) =>
      track.map((operation) => fitOperation(operation, objects, tracks.length === 1)),
    )
    const most = Math.min(...fitted.map(mostRounds))
    return { runs, rounds: Math.min(rounds, most), tracks: fitted } satisfies AgentSpec
  })
}

function mostRounds(track: readonly Operation[]): number {
  const calls = track.reduce((sum, operation) => sum + callsOf(operation), 0)
  return Math.min(Math.floor(MAX_STEPS / track.length), Math.floor(MAX_CALLS / calls))
}

function fitOperation(
  raw: RawOperation,
  objects: readonly ObjectSpec[],
  mayBlock: boolean,
): Operation {
  const object = raw.object % objects.length
  const spec = objects[object]!
  switch (spec.kind) {
    case 'lock':
      return ofLock(raw, object, { ...holding(raw, object, mayBlock), do: 'hold' })
    case 'rlock':
      return ofLock(raw, object, {
        ...holding(raw, object, mayBlock),
        do: 'nest',
        form: inThread(raw, mayBlock),
        times: raw.count + (raw.choice % 2),
      })
    case 'rwlock':
      return ofRWLock(raw, object, mayBlock)
    case 'semaphore':
      return ofSemaphore(raw, object, spec, mayBlock)
    case 'barrier':
      return ofBarrier(raw, object, mayBlock)
    case 'condition':
      return ofCondition(raw, object, spec, mayBlock)
    case 'event':
    default:
      return ofEvent(raw, object, mayBlock)
  }
}

function holding(raw: RawOperation, object: number, mayBlock: boolean): Omit<Hold, 'do'> {
  return { object, form: fitForm(raw, mayBlock), work: raw.work }
}

function ofLock({ choice }: RawOperation, object: number, hold: Operation): Operation {
  if (choice === 6) return { do: 'trespass', object, side: 'writer' }
  return choice === 7 ? { do: 'look', object } : hold
}

function ofRWLock(raw: RawOperation, object: number, mayBlock: boolean): Operation {
  const { choice, count } = raw
  // Inner shares belong to the thread: another track could release them.
  const mayRelease = mayBlock && count === 1
  if (choice === 7) return { do: 'trespass', object, side: mayRelease ? 'reader' : 'writer' }
  const hold = holding(raw, object, mayBlock)
  return choice < 4 ? { ...hold, do: 'read', times: count } : { ...hold, do: 'write' }
}

function ofSemaphore(
  raw: RawOperation,
  object: number,
  { undo }: SemaphoreSpec,
  mayBlock: boolean,
): Operation {
  const { choice, count } = raw
  if (!undo) {
    if (choice === 5) return { do: 'give', object, count }
    if (choice === 6) return { do: 'take', object, form: fitForm(raw, mayBlock) }
    if (choice === 7) return { do: 'look', object }
  }
  return { ...holding(raw, object, mayBlock), do: 'hold' }
}

/** A track that gives up breaks the barrier for all, so that must not be too frequent. */
function ofBarrier(raw: RawOperation, object: number, mayBlock: boolean): Operation {
  const { choice, count } = raw
  if (choice === 7) return { do: count === 1 ? 'abort' : 'look', object }
  if (choice > 4) return { do: 'reset', object }
  const form = fitForm(raw, mayBlock)
  if (choice === 0) return { do: 'meet', object, form }
  return {
    do: 'meet',
    object,
    form: { ...form, how: isAsync(form) || !mayBlock ? 'async' : 'block' },
  }
}

/** Tasks that share a thread cannot wait with an RLock. */
function ofCondition(
  raw: RawOperation,
  object: number,
  { over }: ConditionSpec,
  mayBlock: boolean,
): Operation {
  const { choice, count, work } = raw
  const form = over === 'rlock' ? inThread(raw, mayBlock) : fitForm(raw, mayBlock)
  if (choice < 4 && (over === 'lock' || mayBlock)) {
    // A consumer waits for the lock in any case.
    const how = form.how === 'try' && !mayBlock ? 'tryAsync' : form.how
    return { do: 'consume', object, form: { ...form, how }, work }
  }
  return { do: 'produce', object, form, work, count: count + (choice % 2) }
}

function ofEvent(raw: RawOperation, object: number, mayBlock: boolean): Operation {
  const which = (['wait', 'wait', 'pulse', 'pulse', 'pulse', 'set', 'clear', 'look'] as const)[
    raw.choice
  ]!
  return which === 'wait'
    ? { do: which, object, form: fitForm(raw, mayBlock) }
    : { do: which, object }
}

/** Several tracks share a thread: none of them may block it. */
function fitForm({ how, ms }: RawOperation, mayBlock: boolean): Form {
  if (mayBlock) return { how, ms }
  return { how: how === 'block' ? 'async' : how === 'tryFor' ? 'tryAsync' : how, ms }
}

/** Makes a form for operations that have no asynchronous ones. */
function inThread({ how, ms }: RawOperation, mayBlock: boolean): Form {
  if (!mayBlock) return { how: 'try', ms }
  return {
    how: how === 'async' ? 'block' : how === 'tryAsync' || how === 'abort' ? 'tryFor' : how,
    ms,
  }
}

interface RawFault {
  readonly what: 'kill' | 'exit' | 'stop' | 'storm'
  readonly agent: number
  readonly atStep: boolean
  readonly step: number
  readonly inside: boolean
  readonly afterMs: number
  readonly forMs: number
}

const rawFault: fc.Arbitrary<RawFault> = fc.record({
  what: fc.constantFrom('kill', 'kill', 'exit', 'stop', 'storm'),
  agent: fc.nat(5),
  atStep: fc.boolean(),
  step: fc.nat(24),
  inside: fc.boolean(),
  afterMs: fc.nat(8),
  forMs: fc.integer({ min: 1, max: 12 }),
})

/** A killed agent must be replaced, which takes longer than most programs, so not all programs kill. */
const someFaults: fc.Arbitrary<readonly RawFault[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(rawFault, { minLength: 1, maxLength: 2 }) },
)

function fitFault(raw: RawFault, agents: readonly AgentSpec[]): Fault[] {
  const agent = raw.agent % agents.length
  const { what, inside, afterMs, forMs } = raw
  const { rounds, tracks } = agents[agent]!
  const step = raw.step % (rounds * tracks[0]!.length)
  if (what === 'stop' || what === 'storm') {
    return agents[agent]!.runs === 'process' ? [{ what, agent, afterMs, forMs }] : []
  }
  if (what === 'exit' || raw.atStep) return [{ what, agent, step, inside }]
  return [{ what, agent, afterMs }]
}
