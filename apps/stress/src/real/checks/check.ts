import type { Arena } from '../history/arena.ts'
import { callsOf, describeCall, tracksOf, type Call } from '../history/call.ts'
import { trackName } from '../program/describe.ts'
import { MAX_TRACKS, type ObjectSpec, type Program } from '../program/program.ts'
import { checkActions } from './actions.ts'
import { barrierSpec } from './barrier-spec.ts'
import { conditionSpec } from './condition-spec.ts'
import { inHalves } from './halves.ts'
import { checkHolds } from './holds.ts'
import { linearize, type Outcome } from './linearize.ts'
import { rwlockSpec } from './rwlock-spec.ts'
import { countedSpec, eventSpec, lockSpec, ownedSpec, rlockSpec } from './specs.ts'
import { checkCounter } from './torn.ts'
import type { Verdict, Violation } from './violation.ts'

/** An agent that died, and the moment when the harness had seen it. */
export interface Death {
  readonly agent: number
  readonly seen: number
}

/** The history of a program that has run: its calls, and the deaths among them. */
export function historyOf(arena: Arena, program: Program, deaths: readonly Death[]): Call[] {
  const calls = tracksOf(program).flatMap((track) => callsOf(arena, track))
  return [...calls, ...deaths.map((death) => dying(death, calls))]
}

/** Checks a history, object by object. */
export function checkHistory(arena: Arena, program: Program, history: readonly Call[]): Verdict {
  const violations: Violation[] = []
  const unknown: string[] = []
  program.objects.forEach((spec, object) => {
    const calls = history.filter((call) => call.object === object || call.what === 'die')
    const simple = checkHolds(calls, object, spec) ?? checkCounters(arena, calls, object, spec)
    if (simple !== null) {
      violations.push(simple) // so no order explains it either
      return
    }
    const outcome = explain(spec, calls.filter(isTelling(calls, spec)))
    if (outcome.is === 'unknown') unknown.push(`${spec.kind}${object}: too many orders to try`)
    else if (outcome.is === 'unexplained') {
      violations.push(unexplained(program, object, outcome.stuck))
    }
  })
  return { violations, unknown }
}

function explain(spec: ObjectSpec, calls: readonly Call[]): Outcome {
  switch (spec.kind) {
    case 'lock':
      return linearize(lockSpec, calls)
    case 'rlock':
      return linearize(rlockSpec, calls)
    case 'rwlock':
      return linearize(rwlockSpec, calls)
    case 'semaphore':
      return spec.undo ? linearize(ownedSpec(spec), calls) : linearize(countedSpec(spec), calls)
    case 'barrier':
      return linearize(barrierSpec(spec), inHalves(calls))
    case 'condition':
      return linearize(conditionSpec, inHalves(calls))
    case 'event':
    default:
      return linearize(eventSpec, calls)
  }
}

function checkCounters(
  arena: Arena,
  calls: readonly Call[],
  object: number,
  spec: ObjectSpec,
): Violation | null {
  if (spec.kind === 'barrier') return checkActions(arena, calls, object, spec)
  const isCounted = spec.kind !== 'semaphore' && spec.kind !== 'event'
  return isCounted ? checkCounter(arena, calls, object) : null
}

const LAWS: Readonly<Record<ObjectSpec['kind'], string>> = {
  rlock: 'mutual exclusion, every level is released, and a death of an owner is told once',
  rwlock: 'many readers or one writer, and a death of a writer is told',
  lock: 'mutual exclusion, and a death of an owner is told once',
  semaphore: 'permits are conserved',
  event: 'events are seen in order',
  condition: 'a wait gives the lock up, is woken in its turn, and takes the lock back',
  barrier: 'nobody passes before all have come, and a broken barrier lets nobody pass',
}

function unexplained(
  { agents, objects }: Program,
  object: number,
  stuck: readonly Call[],
): Violation {
  const first = stuck.toSorted((a, b) => a.end - b.end)[0]!
  const who = trackName(agents, first.agent, first.track % MAX_TRACKS)
  const when = `moments ${first.begin} to ${first.end}`
  const text = `no order of its calls explains what they returned; the first left over is ${who} ${describeCall(first)}, ${when}`
  return { law: LAWS[objects[object]!.kind], object, text, calls: [first] }
}

/**
 * Calls that acquired nothing say little. One that was aborted says nothing. One that gave up says that there
 * was nothing to acquire, but only if nobody else was about: a released lock may be reserved for somebody,
 * and a call does not read several permits at one moment. A call that gives up at a barrier breaks it, which
 * says much.
 */
function isTelling(calls: readonly Call[], spec: ObjectSpec): (call: Call) => boolean {
  return (call) => {
    if (spec.kind === 'barrier' || (spec.kind === 'condition' && call.what === 'wait')) return true
    if (call.result === 'aborted') return false
    if (call.result !== 'gave-up' || spec.kind === 'event') return true
    return calls.every(
      ({ track, begin, end }) => track === call.track || end < call.begin || begin > call.end,
    )
  }
}

const DEATHS = 1000

function dying({ agent, seen }: Death, calls: readonly Call[]): Call {
  const stamps = calls
    .filter((call) => call.agent === agent)
    .flatMap(({ begin, end }) => (end === Infinity ? [begin] : [begin, end]))
  return {
    track: DEATHS + agent,
    agent,
    what: 'die',
    object: -1,
    argument: 0,
    begin: Math.max(0, ...stamps),
    end: seen,
    result: 'done',
    seen: 0,
    step: -1,
    microseconds: 0,
  }
}
