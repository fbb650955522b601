import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../../usage.ts'
import { programs } from './arbitrary.ts'
import { describeProgram } from './describe.ts'
import { callsOf, MAX_CALLS, MAX_STEPS, type Program } from './program.ts'
import { fromToken, replayCommand, toToken } from './token.ts'

const ingredients = { workers: 3, processes: 2, faults: true }

function generate(seed: number): Program[] {
  return fc.sample(programs(ingredients), { seed, numRuns: 20 })
}

test('programs() gives the same programs for the same seed', () => {
  expect(generate(7)).toEqual(generate(7))
  expect(generate(7)).not.toEqual(generate(8))
})

test('programs() asks for no more agents than there are', () => {
  fc.assert(
    fc.property(programs(ingredients), ({ scope, agents, faults }) => {
      const count = (kind: string): number => agents.filter(({ runs }) => runs === kind).length
      expect(agents.length).toBeGreaterThan(0)
      expect(count('worker')).toBeLessThanOrEqual(3)
      expect(count('process')).toBeLessThanOrEqual(scope === 'thread' ? 0 : 2)
      for (const fault of faults) expect(fault.agent).toBeLessThan(agents.length)
    }),
  )
})

test('programs() use their own objects, for a bounded time', () => {
  fc.assert(
    fc.property(programs(ingredients), ({ objects, agents }) => {
      for (const { tracks, rounds } of agents) {
        for (const track of tracks) {
          expect(rounds * track.length).toBeLessThanOrEqual(MAX_STEPS)
          const calls = track.reduce((sum, operation) => sum + callsOf(operation), 0)
          expect(rounds * calls).toBeLessThanOrEqual(MAX_CALLS)
        }
        for (const { object } of tracks.flat()) expect(object).toBeLessThan(objects.length)
      }
    }),
  )
})

test('programs() never block a thread that does several things at once', () => {
  fc.assert(
    fc.property(programs(ingredients), ({ agents }) => {
      const shared = agents.filter(({ tracks }) => tracks.length > 1)
      const forms = shared
        .flatMap(({ tracks }) => tracks.flat())
        .flatMap((operation) => ('form' in operation ? operation.form.how : []))
      expect(forms).not.toContain('block')
      expect(forms).not.toContain('tryFor')
    }),
  )
})

test('programs() has no faults when none are wanted', () => {
  const all = fc.sample(programs({ ...ingredients, faults: false }), 50)
  expect(all.flatMap(({ faults }) => faults)).toEqual([])
})

test('a token is the whole program again', () => {
  fc.assert(
    fc.property(programs(ingredients), (program) => {
      const replay = { program, planted: 'lost-pulse' }
      expect(fromToken(toToken(replay))).toEqual(JSON.parse(JSON.stringify(replay)))
    }),
  )
})

test('replayCommand() is a whole command', () => {
  for (const program of fc.sample(programs(ingredients), 1)) {
    const command = /^npx -y pnpm@10\.34\.9 stress replay "[\w-]+"$/
    expect(replayCommand({ program })).toMatch(command)
  }
})

test.each(['', 'nonsense', '!!', toToken({ program: {} as Program })])(
  'fromToken() refuses "%s"',
  (token) => {
    expect(() => fromToken(token)).toThrow(UsageError)
  },
)

test('describeProgram() has a line for each object, track and fault', () => {
  const program: Program = {
    scope: 'process',
    objects: [{ kind: 'lock', placed: 'named' }],
    agents: [
      {
        runs: 'process',
        rounds: 2,
        tracks: [[{ do: 'hold', object: 0, form: { how: 'tryFor', ms: 1 }, work: 'nap' }]],
      },
    ],
    faults: [{ what: 'kill', agent: 0, step: 1, inside: true }],
  }
  expect(describeProgram(program)).toEqual([
    'objects (process scope)',
    '  lock0: lock, by name',
    'agents',
    '  A0 (process) 2 × [ hold lock0 tryFor 1 ms (nap) ]',
    'faults',
    '  A0 is killed in the first critical section from its operation 1 on',
  ])
})
