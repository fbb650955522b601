import { expect, test } from 'vitest'
import { Automata, bounded, type Budget, inMacrotask, Machine, Merger } from '@ipc/explorer/engine'
import { modelOf, parseProgram } from './program.ts'

const BUDGET: Budget = { over: () => false, maxStates: 2_000_000, maxSteps: 5000 }

interface How {
  readonly preemptions: number
  /** This strategy searches states again that were met before. */
  readonly again?: boolean
  readonly merged?: boolean
}

/**
 * Collects every state in which nothing can happen any more: the words, the monitor's words, and where each
 * agent is.
 */
function endings(text: string, { preemptions, again = false, merged = true }: How): Set<string> {
  const model = modelOf(parseProgram(text))
  const machine = new Machine(model, new Automata(merged ? new Merger() : null))
  const found = new Set<string>()
  const ended = (): void => {
    const words = machine.vector.slice(0, model.words + model.monitor.words)
    const agents = model.agents.map((_, agent) =>
      machine.isDead(agent) ? 'dead' : machine.isFinished(agent) ? 'finished' : 'asleep',
    )
    found.add([...words, ...agents].join(' '))
  }
  const outcome = bounded(preemptions, { again, ended }).search(machine, BUDGET)
  expect(outcome).toMatchObject({ finding: null, complete: true })
  return found
}

const PROGRAMS = [
  'lock/hold/hold',
  'lock/hold/tryFor/crashes=1',
  'lock/async2/hold',
  'rlock/nest/hold',
  'semaphore:0/acquire/release',
  'semaphore:1/hold/tryFor,release',
  'bounded:1/hold/release',
  'undo:1/hold/hold/crashes=1',
  'event/wait/pulse/spurious=1',
  'event/waitFor/pulse,set',
  'rwlock/read/write',
  'barrier:2/wait/wait/crashes=1',
  'condition/take/give',
]

for (const program of PROGRAMS) {
  test(`${program}: states that were met before lead nowhere else`, async () => {
    const [once, again] = await inMacrotask(() => [
      endings(program, { preemptions: 1 }),
      endings(program, { preemptions: 1, again: true }),
    ])
    expect(once.size).toBeGreaterThan(0)
    expect(once).toEqual(again)
  })

  test(`${program}: agents that are merged end as those that are not`, async () => {
    const [merged, plain] = await inMacrotask(() => [
      endings(program, { preemptions: 2 }),
      endings(program, { preemptions: 2, merged: false }),
    ])
    expect(merged).toEqual(plain)
  })
}
