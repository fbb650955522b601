import type { Arena } from '../history/arena.ts'
import { callsOf, tracksOf, type Call } from '../history/call.ts'
import type { ObjectSpec, Program } from '../program/program.ts'
import { checkHolds } from './holds.ts'
import { linearize, type Outcome } from './linearize.ts'
import { countedSpec, eventSpec, lockSpec, ownedSpec } from './specs.ts'
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

/** Checks what has run, object by object. */
export function checkHistory(arena: Arena, program: Program, history: readonly Call[]): Verdict {
  const violations: Violation[] = []
  const unknown: string[] = []
  program.objects.forEach((spec, object) => {
    const calls = history.filter((call) => call.object === object || call.what === 'die')
    const simple = [
      ...(spec.kind === 'lock' ? checkCounter(arena, calls, object) : []),
      ...checkHolds(calls, object, spec),
    ]
    violations.push(...simple)
    if (simple.length > 0) return // and so no order explains it
    const outcome = explain(spec, calls.filter(isTelling(calls, spec)))
    if (outcome.is === 'unknown') unknown.push(`${spec.kind}${object}: too many orders to try`)
    if (outcome.is === 'unexplained') violations.push(unexplained(object, spec, outcome.stuck))
  })
  return { violations, unknown }
}

function explain(spec: ObjectSpec, calls: readonly Call[]): Outcome {
  if (spec.kind === 'lock') return linearize(lockSpec, calls)
  if (spec.kind === 'event') return linearize(eventSpec, calls)
  return spec.undo ? linearize(ownedSpec(spec), calls) : linearize(countedSpec(spec), calls)
}

function unexplained(object: number, spec: ObjectSpec, stuck: readonly Call[]): Violation {
  const law = {
    lock: 'mutual exclusion, and who dies as owner is told of once',
    semaphore: 'permits are conserved',
    event: 'events are seen in order',
  }[spec.kind]
  return { law, object, text: 'no order of its calls explains what they returned', calls: stuck }
}

/**
 * Calls that took nothing say little. One that was aborted, nothing. One that gave up, that there
 * was nothing to have – if nobody else was about: a released lock may be reserved for somebody, and
 * a look at several permits is not one moment.
 */
function isTelling(calls: readonly Call[], spec: ObjectSpec): (call: Call) => boolean {
  return (call) => {
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
