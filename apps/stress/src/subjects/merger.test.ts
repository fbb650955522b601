import { expect, test } from 'vitest'
import {
  Act,
  type Action,
  actOf,
  agentOf,
  Automata,
  type Budget,
  complete,
  Machine,
  Merger,
  Op,
  Random,
} from '@ipc/explorer/engine'
import { modelOf, parseProgram } from './program.ts'

const BUDGET: Budget = { over: () => false, maxStates: 1_000_000, maxSteps: 5000 }
const WALKS = 400

const machineOf = (program: string, merger: Merger | null): Machine =>
  new Machine(modelOf(parseProgram(program)), new Automata(merger))

for (const program of [
  'lock/hold,hold,hold,hold,hold,hold,hold/hold',
  'lock/hold,hold/starvedFor,hold/starved,hold/crashes=1/spurious=1',
  'semaphore:1/hold/tryFor,release/release2,acquire/hold/crashes=1',
  'undo:2/hold/tryHoldFor,hold/holdTwice/crashes=1',
  'event/wait,waitFor/pulse,wait/set,clear,pulse/crashes=1',
]) {
  test(`merged and unmerged agents do the same: ${program}`, () => {
    const merged = machineOf(program, new Merger())
    const plain = machineOf(program, null)
    const random = new Random(3)
    for (let walk = 0; walk < WALKS; walk++) {
      merged.reset()
      plain.reset()
      let last = -1
      for (;;) {
        const actions: Action[] = []
        const count = merged.enabled(actions)
        const expected: Action[] = []
        expect(plain.enabled(expected)).toBe(count)
        expect(actions.slice(0, count)).toEqual(expected.slice(0, count))
        if (count === 0) break
        // It stays with one agent most of the time, which leads further.
        let action = actions[random.below(count)]!
        const same = actions.find((one) => agentOf(one) === last && actOf(one) === Act.STEP)
        if (same !== undefined && random.below(3) > 0) action = same
        last = agentOf(action)
        const { kind, index, value, other } = plain.nodeOf(last)
        expect(merged.nodeOf(last)).toMatchObject({ kind, index, value, other })
        merged.do(action)
        plain.do(action)
      }
    }
    expect(merged.automata.nodes.length).toBeLessThan(plain.automata.nodes.length)
  })
}

test('two agents that lock for ever have a finite graph, and the impatient reserve', () => {
  const machine = machineOf('lock/hold/hold/endless', new Merger())
  const outcome = complete.search(machine, BUDGET)
  expect(outcome).toMatchObject({ finding: null, complete: true })
  const reserved = machine.automata.nodes.some(
    ({ kind, other }) => kind === Op.COMPARE_EXCHANGE && (other & 0x40000000) !== 0,
  )
  expect(reserved).toBe(true)
})
