import { COUNTER, type Arena } from '../history/arena.ts'
import type { Call } from '../history/call.ts'
import type { BarrierSpec } from '../program/program.ts'
import type { Violation } from './violation.ts'

/**
 * The action of a barrier increments the counter: one action runs at a time, and one for each round that
 * passed. A round may be broken when its action has run.
 */
export function checkActions(
  arena: Arena,
  calls: readonly Call[],
  object: number,
  { parties }: BarrierSpec,
): Violation | null {
  const word = (offset: number): number => arena.words[arena.counter(object) + offset]!
  const law = 'a round has one action'
  if (word(COUNTER.torn) > 0) {
    return { law, object, text: 'two actions ran at once', calls: [] }
  }
  const waits = calls.filter(({ what }) => what === 'wait')
  const rounds = waits.filter(({ result, seen }) => result === 'saw' && seen === parties - 1).length
  const broken = waits.filter(({ result }) => result !== 'saw').length
  const ran = word(COUNTER.first)
  if (ran >= rounds && ran <= rounds + broken) return null
  const text = `the action ran ${ran} times, in ${rounds} rounds that passed and at most ${broken} that were broken`
  return { law, object, text, calls: [] }
}
