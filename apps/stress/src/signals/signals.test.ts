/** Runs signal programs on real processes: known ones, and ones with bugs that must be found. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { processScope } from '@ipc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeReal } from '../report/real.ts'
import { UsageError } from '../usage.ts'
import { signalPrograms } from './arbitrary.ts'
import { Crew } from './crew.ts'
import { describeSignalProgram } from './describe.ts'
import { History } from './history.ts'
import { nameOf } from './numbers.ts'
import { MAX_SENDERS, MAX_SENDS, type SignalProgram } from './program.ts'
import { signalFailure } from './report.ts'
import { runSignals } from './run.ts'
import { emptySignalSession, runSignalSession } from './session.ts'
import { fromSignalToken, isSignalToken, toSignalToken } from './token.ts'

const LONG = { timeout: 300_000 }
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

const sample = (seed: number): SignalProgram[] =>
  fc.sample(signalPrograms(true), { seed, numRuns: 30 })

test('signalPrograms() gives the same programs for the same seed, within their bounds', () => {
  expect(sample(3)).toEqual(sample(3))
  expect(sample(3)).not.toEqual(sample(4))
  for (const { steps, senders } of sample(5)) {
    expect(senders.length).toBeLessThanOrEqual(MAX_SENDERS)
    for (const sends of senders) {
      expect(sends.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(MAX_SENDS)
      for (const { at } of sends) expect(at).toBeLessThan(steps.length)
    }
  }
})

test('a token holds a whole program', () => {
  for (const program of sample(6)) {
    const token = toSignalToken({ program, planted: 'x' })
    expect(isSignalToken(token)).toBe(true)
    expect(fromSignalToken(token)).toEqual({ program, planted: 'x' })
    expect(describeSignalProgram(program).length).toBeGreaterThan(2)
  }
  expect(() => fromSignalToken('signals.x')).toThrow(UsageError)
})

describe.runIf(processScope.supported)('on real processes', () => {
  let history: History
  let crew: Crew
  beforeAll(() => {
    history = History.create()
    crew = new Crew(history, undefined, null, MAX_SENDERS)
  })
  afterAll(async () => {
    await crew.close()
    history.memory.close()
  })

  const signals = ['SIGUSR2', 'SIGRTMIN']

  test('what is blocked merges or queues, and comes lowest first', LONG, async () => {
    const { trace, violations } = await runSignals(crew, history, {
      steps: [
        { do: 'mask', how: 'block', set: signals },
        { do: 'meet' },
        { do: 'look' },
        { do: 'mask', how: 'unblock', set: signals },
      ],
      senders: [
        [
          { at: 1, signal: 'SIGRTMIN', how: 'queue', count: 3, gapMs: 0 },
          { at: 1, signal: 'SIGUSR2', how: 'kill', count: 3, gapMs: 0 },
        ],
      ],
      faults: [],
    })
    expect(violations).toEqual([])
    expect(trace.pending.map(({ number }) => nameOf(number))).toEqual(signals)
    expect(trace.delivered.map(({ number, value }) => [nameOf(number), value])).toEqual([
      ['SIGUSR2', 0],
      ['SIGRTMIN', 0],
      ['SIGRTMIN', 1],
      ['SIGRTMIN', 2],
      ['SIGALRM', 0],
    ])
  })

  test('a default action ends the receiver, and its history is there', LONG, async () => {
    const { trace, violations } = await runSignals(crew, history, {
      steps: [{ do: 'default', signal: 'SIGHUP' }, { do: 'meet' }, { do: 'sleep', ms: 3 }],
      senders: [[{ at: 1, signal: 'SIGHUP', how: 'ref', count: 1, gapMs: 0 }]],
      faults: [],
    })
    expect(violations).toEqual([])
    expect(trace.death).toBe('SIGHUP')
    expect(trace.steps[0]).toMatchObject({ index: 0, step: { do: 'default' } })
  })

  test.each([
    ['signals-forgets-one', /nothing is lost/],
    ['signals-newest-first', /real-time signals keep their order|lower numbers come first/],
    ['signals-early-timer', /a timer is never early/],
    ['signals-evicts-nobody', /./],
  ])('%s is found', LONG, async (planted, law) => {
    const session = emptySignalSession()
    const options = { seed: 1, budgetMs: 200_000, shrinkMs: 1, faults: false, planted }
    await runSignalSession(options, null, session, () => true)
    const failure = signalFailure(session, planted)!
    expect(failure.violations.map((found) => found.law).join()).toMatch(law)
    expect(describeReal(failure)).toMatch(/replay "signals\.[\w-]+"$/)
  })

  test('stress replay runs a signal program again, with the planted bug', LONG, () => {
    const program: SignalProgram = {
      steps: [{ do: 'mask', how: 'block', set: signals }, { do: 'meet' }],
      senders: [[{ at: 1, signal: 'SIGRTMIN', how: 'queue', count: 9, gapMs: 0 }]],
      faults: [],
    }
    const replay = (planted: string | undefined): { stdout: string; status: number | null } =>
      spawnSync(
        process.execPath,
        [cli, 'replay', toSignalToken({ program, planted }), '--times', '3'],
        { encoding: 'utf8' },
      )
    const found = replay('signals-forgets-one')
    expect(found.stdout).toContain('VIOLATED: nothing is lost (in run 1 of 3)')
    expect(found.status).toBe(1)
    const held = replay(undefined)
    expect(held.stdout).toContain('HELD: in 3 runs')
    expect(held.status).toBe(0)
  })
})
