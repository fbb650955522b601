import { expect, test } from 'vitest'
import {
  MAX_TRACKS,
  type AgentSpec,
  type Form,
  type ObjectSpec,
  type Operation,
  type Program,
} from '../program/program.ts'
import { exploreReal, followReal, fromScheduledToken, toScheduledToken } from './explore-real.ts'

const OPTIONS = { budgetMs: 60_000, seed: 1, tick: () => {} }

const block: Form = { how: 'block', ms: 0 }
const later: Form = { how: 'async', ms: 0 }
const abort: Form = { how: 'abort', ms: 0 }

const agent = (...tracks: Operation[][]): AgentSpec => ({ runs: 'worker', rounds: 2, tracks })
const hold = (form: Form): Operation => ({ do: 'hold', object: 0, form, work: 'yield' })

const program = (spec: ObjectSpec, ...agents: AgentSpec[]): Program => ({
  scope: 'process',
  objects: [spec],
  agents,
  faults: [],
})

const lock: ObjectSpec = { kind: 'lock', placed: 'own' }
const event: ObjectSpec = { kind: 'event', placed: 'named' }
const rlock: ObjectSpec = { kind: 'rlock', placed: 'inside' }
const rwlock: ObjectSpec = { kind: 'rwlock', placed: 'own' }
const semaphore = (undo: boolean): ObjectSpec => {
  return { kind: 'semaphore', placed: 'inside', value: 1, bounded: false, undo }
}

const LOCKS = program(lock, agent([hold(block)]), agent([hold(later)], [hold(abort)]))
const EVENTS = program(
  event,
  agent([{ do: 'wait', object: 0, form: block }]),
  agent([{ do: 'pulse', object: 0 }]),
)
const PERMITS = program(
  semaphore(false),
  agent([hold({ how: 'tryFor', ms: 1 })]),
  agent([{ do: 'give', object: 0, count: 1 }, hold(block)]),
)

const nest = (form: Form): Operation => ({ ...hold(form), do: 'nest', times: 2 }) as Operation
const read = (form: Form): Operation => ({ ...hold(form), do: 'read', times: 2 }) as Operation
const write = (form: Form): Operation => ({ ...hold(form), do: 'write' }) as Operation
const trespass: Operation = { do: 'trespass', object: 0, side: 'writer' }
const meet = (form: Form): Operation => ({ do: 'meet', object: 0, form })
const barrier: ObjectSpec = { kind: 'barrier', placed: 'named', parties: 2 }
const BARRIER = program(
  barrier,
  agent([meet(block), { do: 'reset', object: 0 }]),
  agent([meet(later)], [meet(abort)]),
)
const consume = (form: Form): Operation => ({ ...hold(form), do: 'consume' }) as Operation
const produce = (count: number): Operation =>
  ({ ...hold(block), do: 'produce', count }) as Operation
const SUPPLY = program(
  { kind: 'condition', placed: 'own', over: 'lock' },
  agent([consume(block)]),
  agent([consume(abort)]),
  agent([produce(1), produce(3)]),
)
const SUPPLY_OF_RLOCK = program(
  { kind: 'condition', placed: 'named', over: 'rlock' },
  agent([consume({ how: 'tryFor', ms: 1 }), produce(2)]),
  agent([consume(block)]),
)
const TOO_FEW = program(
  { ...barrier, parties: 3 },
  agent([meet(block)]),
  agent([meet({ how: 'tryFor', ms: 1 })]),
)
const NESTED = program(rlock, agent([nest(block), trespass]), agent([nest(block)]))
const READERS = program(
  rwlock,
  agent([read(block), trespass]),
  agent([read(later)], [write(abort)]),
)

test.each([
  ['ignores-contention', LOCKS, /^mutual exclusion: T\d(\.\d)? has the lock while T\d/],
  ['split-release', PERMITS, /^semaphore0: the value is \d; \d permits are free$/],
  ['inner-release-frees', NESTED, /^T\d has it 1 times, and reads 0$/],
  ['overlooks-readers', READERS, /^T\d is inside together with T\d$/],
  ['passes-when-broken', TOO_FEW, /^T\d passes alone$/],
  ['newest-first', SUPPLY, /^T\d is woken before those who wait longer$/],
  ['lost-pulse', EVENTS, /^T0 sleeps, nobody will wake it/],
] as const)(
  'a real program with %s fails in the explorer, and its token does it again',
  async (planted, real, verdict) => {
    const { found } = await exploreReal({ program: real, planted }, OPTIONS)
    expect(found!.timeline.verdict).toMatch(verdict)
    const again = fromScheduledToken(toScheduledToken(found!))
    expect(await followReal(again)).toEqual(found!.timeline)
  },
)

test.each([
  ['a lock, also awaited and aborted', LOCKS],
  ['an RLock', NESTED],
  ['an RWLock, also awaited and aborted', READERS],
  ['a barrier, also awaited and aborted', BARRIER],
  ['a condition, also awaited and aborted', SUPPLY],
  ['a condition of an RLock', SUPPLY_OF_RLOCK],
  ['an event', EVENTS],
  ['permits', PERMITS],
  [
    'permits that belong to agents',
    { ...PERMITS, objects: [semaphore(true)], agents: LOCKS.agents },
  ],
] as const)('nothing is found in a real program of %s', async (_, real) => {
  const withDeath: Program = { ...real, faults: [{ what: 'kill', agent: 0, afterMs: 1 }] }
  for (const one of [real, withDeath]) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const explored = await exploreReal({ program: one }, { ...OPTIONS, budgetMs: 800 })
    expect(explored).toMatchObject({ found: null, obstacles: [] })
  }
})

test('of a program that is too large, parts are explored, with what went wrong first', async () => {
  const look: Operation = { do: 'look', object: 0 }
  const looks = Array.from({ length: 4 }, () => agent([look]))
  const many = program(lock, ...looks, ...LOCKS.agents)
  const around = [4, 5].map((each) => each * MAX_TRACKS)
  const explored = await exploreReal(
    { program: many, planted: 'ignores-contention' },
    { ...OPTIONS, around },
  )
  expect(explored.found!.timeline.verdict).toMatch(/^mutual exclusion/)
  expect(explored.differences[0]).toMatch(/^without .*: it does 7 things at once/)
})

test('says what cannot be explored, and what is done in another way', async () => {
  const many = program(lock, ...Array.from({ length: 5 }, () => agent([hold(block)])))
  const { differences: left, covered } = await exploreReal(
    { program: many },
    { ...OPTIONS, budgetMs: 100 },
  )
  expect(left).toEqual(['it does 5 things at once; the explorer tells 4 apart'])
  expect(covered).toMatch(/^without A4: /)
  const timed = program(lock, agent([hold({ how: 'tryFor', ms: 1 })]), agent([hold(block)]))
  const { differences } = await exploreReal({ program: timed }, { ...OPTIONS, budgetMs: 500 })
  expect(differences).toContain('time-outs and aborts come at any moment')
})
