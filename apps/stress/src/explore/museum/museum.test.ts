import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, test } from 'vitest'
import { mutants, Workshop, type Mutant } from './museum.ts'

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url))

/** No more time than `stress check` takes by itself; all are found long before. */
const BUDGET = '2m'
/** The gate is whether they are found; `stress mutants` also makes the programs small. */
const SHRINK = '1ms'

/**
 * Two of each primitive, the first and the one in the middle of its names; with STRESS_MUSEUM=all,
 * and in `stress mutants`, all are: that takes many minutes.
 */
function chosen(): Mutant[] {
  const all = mutants()
  if (process.env['STRESS_MUSEUM'] === 'all') return all
  return all.filter((mutant) => {
    const alike = all.filter(({ check }) => check === mutant.check)
    const place = alike.indexOf(mutant)
    return place === 0 || place === alike.length >> 1
  })
}

const free: Workshop[] = []
const waiting: ((workshop: Workshop) => void)[] = []

beforeAll(() => {
  const count = Math.min(2, availableParallelism())
  for (let i = 0; i < count; i++) free.push(new Workshop())
})

afterAll(() => {
  for (const workshop of free) workshop.close()
})

async function inWorkshop<T>(work: (workshop: Workshop) => Promise<T>): Promise<T> {
  const workshop = free.pop() ?? (await new Promise<Workshop>((resolve) => waiting.push(resolve)))
  try {
    return await work(workshop)
  } finally {
    const next = waiting.shift()
    if (next === undefined) free.push(workshop)
    else next(workshop)
  }
}

// A test waits for its turn, too.
for (const mutant of chosen()) {
  test.concurrent(`${mutant.name}: ${mutant.what}`, { timeout: 900_000 }, async ({ expect }) => {
    const examined = await inWorkshop((workshop) => workshop.examine(mutant, BUDGET, SHRINK))
    expect(examined).toMatchObject({ verdict: 'found' })
  })
}

test('every patch of the museum applies', ({ expect }) => {
  for (const { file } of mutants()) {
    expect(() => execFileSync('git', ['apply', '--check', file], { cwd: ROOT })).not.toThrow()
  }
})

test('the museum has bugs of every primitive, of their crash paths and asynchronous paths', ({
  expect,
}) => {
  const all = mutants()
  expect(all.length).toBeGreaterThanOrEqual(20)
  const primitives = new Set(all.map(({ check }) => check))
  for (const primitive of ['lock', 'rlock', 'semaphore', 'bounded', 'undo', 'event']) {
    expect(primitives).toContain(primitive)
  }
  for (const primitive of ['rwlock', 'condition', 'barrier', 'agents', 'openers', 'parker'])
    expect(primitives).toContain(primitive)
})
